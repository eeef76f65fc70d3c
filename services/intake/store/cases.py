"""Cases: what was written and how intake decided. Rows are locked where a change follows."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, text

from services.intake.domain.case import Case, Channel, Imported, Kind, Reason, State, Statement
from services.intake.domain.emergency import Alarm
from services.intake.store.identities import SealedIdentity
from services.intake.store.stored import plain, timed

COLUMNS = """c.number, c.channel, c.kind, c.identity, c.community, c.place, c.description, c.alarm, c.state,
    c.submitted_at, c.accepted_at, c.refused_at, c.reason, c.imported, c.version, c.revision,
    c.withdrawn_at, c.withdrawal_asked_at"""

# Case and identity are inserted together; of a case whose external id is already known, neither is.
ADD = text("""
    with new as (
        select * from jsonb_to_recordset(cast(:rows as jsonb)) as r (
            number text, channel text, kind text, identity text, community text, place text, description text,
            alarm jsonb, state text, submitted_at timestamptz, accepted_at timestamptz, external_id text,
            imported jsonb, version integer, revision integer, sealed text, mobile_index text, code_index text)
    ), added as (
        insert into cases (number, channel, kind, identity, community, place, description, alarm, state, submitted_at,
            accepted_at, external_id, imported, version, revision)
        select number, channel, kind, identity, community, place, description, alarm, state, submitted_at,
            accepted_at, external_id, imported, version, revision
        from new
        on conflict (external_id) do nothing
        returning number
    )
    insert into identities (number, sealed, mobile_index, code_index)
    select number, decode(sealed, 'hex'), decode(mobile_index, 'hex'), decode(code_index, 'hex')
    from new join added using (number)
    returning number
""")

CASE = text(f"select {COLUMNS} from cases c where c.number = :number")

LOCKED = text(f"select {COLUMNS} from cases c where c.number = :number for update")

UPDATE = text("""
    update cases set state = :state, accepted_at = :accepted_at, refused_at = :refused_at, reason = :reason,
        version = :version, revision = :revision, withdrawn_at = :withdrawn_at,
        withdrawal_asked_at = :withdrawal_asked_at
    where number = :number
""")

# Each page continues after the last case of the previous one, in order of arrival.
QUEUE = text(f"""
    select {COLUMNS} from cases c
    where (cast(:state as text) is null or c.state = :state)
        and (cast(:after as text) is null
             or (c.submitted_at, c.number) > (select a.submitted_at, a.number from cases a where a.number = :after))
    order by c.submitted_at, c.number
    limit :limit
""")

# What waits for the centre: a possible danger first, then in order of arrival. There are never many.
WAITING = text(f"""
    select {COLUMNS} from cases c where c.state = 'submitted'
    order by c.alarm is null, c.submitted_at, c.number
    limit :limit
""")
WAITING_COUNTS = text("select count(*) as cases, count(alarm) as emergencies from cases where state = 'submitted'")

KNOWN = text("select external_id from cases where external_id = any(cast(:ids as text[]))")

COUNTS = text("select state, count(*) as cases from cases group by state")

# For the gauges: few are undecided, and those of one day are the end of an index.
PRESENT = text("""
    select channel, state, count(*) as cases
    from (select channel, state from cases where state = 'submitted'
          union all
          select channel, state from cases
          where state <> 'submitted'
            and submitted_at >= date_trunc('day', clock_now() at time zone 'Asia/Shanghai') at time zone 'Asia/Shanghai'
    ) present group by 1, 2
""")

CHANGES = (
    "number",
    "state",
    "accepted_at",
    "refused_at",
    "reason",
    "version",
    "revision",
    "withdrawn_at",
    "withdrawal_asked_at",
)


def add(tx: Connection, rows: Sequence[tuple[Case, SealedIdentity, str | None]]) -> set[str]:
    """Adds cases with their identities and external ids; returns the numbers that are new."""
    payload = [_new_row(case, identity, external_id) for case, identity, external_id in rows]
    return {row.number for row in tx.execute(ADD, {"rows": json.dumps(payload, ensure_ascii=False, default=plain)})}


def known_external_ids(tx: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these cases of another system are already here."""
    return {row.external_id for row in tx.execute(KNOWN, {"ids": list(ids)})}


def case(tx: Connection, number: str, lock: bool = False) -> Case | None:
    """One case; with `lock`, its row is locked until the transaction ends."""
    row = tx.execute(LOCKED if lock else CASE, {"number": number}).one_or_none()
    return case_of(row) if row else None


def update(tx: Connection, changed: Case) -> None:
    """Writes the fields of a case that can change."""
    tx.execute(UPDATE, {name: getattr(changed, name) for name in CHANGES})


def queue(tx: Connection, state: State | None, after: str | None, limit: int) -> list[Case]:
    """Cases in order of arrival that follow the case `after`."""
    return [case_of(row) for row in tx.execute(QUEUE, {"state": state, "after": after, "limit": limit})]


def waiting(tx: Connection, limit: int) -> list[Case]:
    """Cases nobody has decided about, possible dangers first."""
    return [case_of(row) for row in tx.execute(WAITING, {"limit": limit})]


def waiting_counts(tx: Connection) -> tuple[int, int]:
    """How many cases nobody has decided about, and how many of them may be dangers."""
    row = tx.execute(WAITING_COUNTS).one()
    return row.cases, row.emergencies


def counts(tx: Connection) -> dict[str, int]:
    """Cases by state, for the operator."""
    return {row.state: row.cases for row in tx.execute(COUNTS)}


def present(tx: Connection) -> dict[tuple[str, str], int]:
    """Cases by channel and state: the undecided ones, and of the others those submitted today."""
    return {(row.channel, row.state): row.cases for row in tx.execute(PRESENT)}


def case_of(row: Row[Any]) -> Case:
    """The case in a row of `COLUMNS`."""
    statement = Statement(Kind(row.kind), row.description, row.place, row.community, row.identity, Channel(row.channel))
    return Case(
        row.number,
        statement,
        row.submitted_at,
        Alarm(tuple(row.alarm["calls"]), tuple(row.alarm["words"]), row.alarm["rules"]) if row.alarm else None,
        State(row.state),
        row.accepted_at,
        row.refused_at,
        Reason(row.reason) if row.reason else None,
        timed(Imported, row.imported),
        row.version,
        row.revision,
        row.withdrawn_at,
        row.withdrawal_asked_at,
    )


def _new_row(case: Case, identity: SealedIdentity, external_id: str | None) -> dict[str, Any]:
    return {
        **asdict(case.statement),
        "number": case.number,
        "alarm": asdict(case.alarm) if case.alarm else None,
        "state": case.state,
        "submitted_at": case.submitted_at,
        "accepted_at": case.accepted_at,
        "external_id": external_id,
        "imported": asdict(case.imported) if case.imported else None,
        "version": case.version,
        "revision": case.revision,
        "sealed": identity.sealed.hex(),
        "mobile_index": identity.mobile_index.hex() if identity.mobile_index else None,
        "code_index": identity.code_index.hex(),
    }
