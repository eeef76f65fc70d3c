"""All SQL of intake. Returns domain values; a row is locked where a change follows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from services.intake.case import Case, Channel, Imported, Kind, Letter, Reason, State
from services.intake.emergency import Alarm
from services.intake.errors import NumbersUnsafe
from services.intake.limit import Limit, Tally
from services.intake.progress import Handling, Progress, Promise


@dataclass(frozen=True, slots=True)
class SealedIdentity:
    """Who wrote a case, unreadable, and the keyed hashes that find it."""

    number: str
    sealed: bytes
    mobile_index: bytes | None
    code_index: bytes


@dataclass(frozen=True, slots=True)
class Access:
    """One read of a person's data: who, why and which fields."""

    number: str
    who: str
    why: str
    what: tuple[str, ...]


COLUMNS = """c.number, c.channel, c.kind, c.identity, c.community, c.place, c.description, c.alarm, c.state,
    c.submitted_at, c.accepted_at, c.refused_at, c.reason, c.imported, c.version, c.revision"""

# Case and identity go in together; a case whose external id is known already goes in with neither.
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
        version = :version, revision = :revision
    where number = :number
""")

# What the holder of the code sees, and the hash the code is compared with, in one statement.
FOR_RESIDENT = text(f"""
    select {COLUMNS}, i.code_index, p.handling, p.promise
    from cases c join identities i using (number) left join progress p using (number)
    where c.number = :number
""")

# Pages go on after the last case of the page before, in order of arrival.
QUEUE = text(f"""
    select {COLUMNS} from cases c
    where (cast(:state as text) is null or c.state = :state)
        and (cast(:after as text) is null
             or (c.submitted_at, c.number) > (select a.submitted_at, a.number from cases a where a.number = :after))
    order by c.submitted_at, c.number
    limit :limit
""")

IDENTITIES = text("""
    select number, sealed, mobile_index, code_index from identities where number = any(cast(:numbers as text[]))
""")

# Identities in pages, for whoever goes through all of them.
SEALED = text("select number, sealed from identities where number > :after order by number limit :batch")
# Only what is still as it was read: two rotations at once do no harm to each other.
RESEAL = text("""
    update identities i set sealed = decode(r.new, 'hex')
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (number text, old text, new text)
    where i.number = r.number and i.sealed = decode(r.old, 'hex')
""")

LOG = text("""
    insert into access_log (at, number, who, why, what)
    select :at, number, who, why, what
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (number text, who text, why text, what text[])
""")

BLOCK = text("""
    insert into number_blocks (day, taken) values (:day, :first - 1 + :size)
    on conflict (day) do update set taken = greatest(number_blocks.taken, :first - 1) + :size
    returning taken
""")
# The epoch counts restores, those too that a later one took out of the table again.
RESTORES = text("""
    select producer_is_here() as here, producer.epoch - coalesce(
        (select max(epoch) from restores where cast(at at time zone 'Asia/Shanghai' as date) < :day), 1) as restores
    from producer
""")

# A count whose window has passed starts anew; the database's clock decides.
COUNT = text("""
    insert into tallies (key, count, until) values (:key, 1, :now + :window)
    on conflict (key) do update set
        count = case when tallies.until <= :now then 1 else tallies.count + 1 end,
        until = case when tallies.until <= :now then :now + :window else tallies.until end
    returning count as tries, until
""")
TALLIES = text("select key, count as tries, until from tallies where key = any(cast(:keys as bytea[]))")
FORGET = text("""
    delete from tallies where key in (
        select key from tallies where until <= :now limit :batch for update skip locked)
""")

# The oldest have the smallest ids, near enough: a batch of them is looked at, however few of them are due.
FORGET_ACCESS = text("""
    delete from access_log where id in (
        select id from (select id, at from access_log order by id limit :batch) oldest where at < :before)
""")

# Rows are made before they are locked, so that two processes with the first events of one case wait for each other.
MAKE_PROGRESS = text("""
    insert into progress (number) select unnest(cast(:numbers as text[])) on conflict (number) do nothing
""")
PROGRESS = text("""
    select p.number, p.handling, p.promise from progress p
    where p.number = any(cast(:numbers as text[])) order by p.number for update
""")
SAVE_PROGRESS = text("""
    update progress p set handling = r.handling, promise = r.promise
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (number text, handling jsonb, promise jsonb)
    where p.number = r.number
""")

KNOWN = text("select external_id from cases where external_id = any(cast(:ids as text[]))")

COUNTS = text("select state, count(*) as cases from cases group by state")


def add(tx: Connection, rows: Sequence[tuple[Case, SealedIdentity, str | None]]) -> set[str]:
    """Adds cases with their identities and external ids; returns the numbers that are new."""
    payload = [_new_row(case, identity, external_id) for case, identity, external_id in rows]
    return {row.number for row in tx.execute(ADD, {"rows": json.dumps(payload, ensure_ascii=False, default=_plain)})}


def known_external_ids(tx: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these cases of another system are here already."""
    return {row.external_id for row in tx.execute(KNOWN, {"ids": list(ids)})}


def case(tx: Connection, number: str, lock: bool = False) -> Case | None:
    """One case, its row locked until the transaction ends if a change follows."""
    row = tx.execute(LOCKED if lock else CASE, {"number": number}).one_or_none()
    return _case(row) if row else None


def update(tx: Connection, changed: Case) -> None:
    """Writes what accepting and refusing change."""
    names = ("number", "state", "accepted_at", "refused_at", "reason", "version", "revision")
    tx.execute(UPDATE, {name: getattr(changed, name) for name in names})


def for_resident(tx: Connection, number: str) -> tuple[Case, Progress, bytes] | None:
    """The case, how it stands, and the keyed hash of its query code."""
    row = tx.execute(FOR_RESIDENT, {"number": number}).one_or_none()
    return (_case(row), _progress(row), bytes(row.code_index)) if row else None


def queue(tx: Connection, state: State | None, after: str | None, limit: int) -> list[Case]:
    """Cases in order of arrival, those after the case `after`."""
    return [_case(row) for row in tx.execute(QUEUE, {"state": state, "after": after, "limit": limit})]


def identities(tx: Connection, numbers: Sequence[str]) -> list[SealedIdentity]:
    rows = tx.execute(IDENTITIES, {"numbers": list(numbers)})
    return [
        SealedIdentity(r.number, bytes(r.sealed), r.mobile_index and bytes(r.mobile_index), bytes(r.code_index))
        for r in rows
    ]


def sealed(tx: Connection, after: str, batch: int) -> list[tuple[str, bytes]]:
    """Up to `batch` identities as they lie there, by number, those that follow `after`."""
    return [(row.number, bytes(row.sealed)) for row in tx.execute(SEALED, {"after": after, "batch": batch})]


def reseal(tx: Connection, rows: Sequence[tuple[str, bytes, bytes]]) -> int:
    """Replaces identities (number, as it was, as it shall be) that nobody changed meanwhile; returns how many."""
    if not rows:
        return 0
    payload = [{"number": number, "old": old.hex(), "new": new.hex()} for number, old, new in rows]
    return tx.execute(RESEAL, {"rows": json.dumps(payload)}).rowcount


def log_access(tx: Connection, at: datetime, reads: Sequence[Access]) -> None:
    """Records reads of personal data; part of the transaction that reads them."""
    if reads:
        tx.execute(LOG, {"at": at, "rows": json.dumps([asdict(read) for read in reads])})


def restores(tx: Connection, day: date) -> int:
    """How often this database was restored on `day` (Asia/Shanghai) or later.

    Raises NumbersUnsafe while it was set back and nobody has run `restored`.
    """
    row = tx.execute(RESTORES, {"day": day}).one()
    if not row.here:
        raise NumbersUnsafe()
    return int(row.restores)


def take_block(tx: Connection, day: date, size: int, first: int) -> tuple[int, int]:
    """The first and last serial, none below `first`, of a block of this day that nobody else has."""
    taken: int = tx.execute(BLOCK, {"day": day, "size": size, "first": first}).scalar_one()
    return taken - size + 1, taken


def count(tx: Connection, key: bytes, limit: Limit, now: datetime) -> Tally:
    """Counts one try and returns the count with it."""
    row = tx.execute(COUNT, {"key": key, "now": now, "window": limit.window}).one()
    return Tally(row.tries, row.until)


def tallies(tx: Connection, keys: Sequence[bytes]) -> dict[bytes, Tally]:
    rows = tx.execute(TALLIES, {"keys": list(keys)})
    return {bytes(row.key): Tally(row.tries, row.until) for row in rows}


def forget_tallies(tx: Connection, now: datetime, batch: int) -> int:
    """Deletes up to `batch` counts whose window has passed; returns how many."""
    return tx.execute(FORGET, {"now": now, "batch": batch}).rowcount


def forget_access(tx: Connection, before: datetime, batch: int) -> int:
    """Deletes up to `batch` reads of personal data from before a moment; returns how many."""
    return tx.execute(FORGET_ACCESS, {"before": before, "batch": batch}).rowcount


def progress(tx: Connection, numbers: Sequence[str]) -> dict[str, Progress]:
    """How these cases stand, their rows locked in order until the transaction ends."""
    asked = {"numbers": sorted(set(numbers))}
    tx.execute(MAKE_PROGRESS, asked)
    return {row.number: _progress(row) for row in tx.execute(PROGRESS, asked)}


def save_progress(tx: Connection, changed: Mapping[str, Progress]) -> None:
    """Writes what `progress` gave out, changed."""
    rows = [{"number": number, **asdict(value)} for number, value in changed.items()]
    tx.execute(SAVE_PROGRESS, {"rows": json.dumps(rows, ensure_ascii=False, default=_plain)})


def counts(tx: Connection) -> dict[str, int]:
    """Cases by state, for the operator."""
    return {row.state: row.cases for row in tx.execute(COUNTS)}


def _new_row(case: Case, identity: SealedIdentity, external_id: str | None) -> dict[str, Any]:
    return {
        **asdict(case.letter),
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


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _case(row: Row[Any]) -> Case:
    letter = Letter(Kind(row.kind), row.description, row.place, row.community, row.identity, Channel(row.channel))
    return Case(
        row.number,
        letter,
        row.submitted_at,
        Alarm(tuple(row.alarm["calls"]), tuple(row.alarm["words"]), row.alarm["rules"]) if row.alarm else None,
        State(row.state),
        row.accepted_at,
        row.refused_at,
        Reason(row.reason) if row.reason else None,
        _timed(Imported, row.imported),
        row.version,
        row.revision,
    )


def _progress(row: Row[Any]) -> Progress:
    return Progress(_timed(Handling, row.handling), _timed(Promise, row.promise))


def _timed(kind: type[Any], stored: Mapping[str, Any] | None) -> Any:
    """A value as it was stored in JSON, its times made times again; a field added later gets its default."""
    if stored is None:
        return None
    known = {field.name: field.type for field in fields(kind)}
    return kind(**{name: _time(known[name], value) for name, value in stored.items() if name in known})


def _time(type_: Any, value: Any) -> Any:
    return datetime.fromisoformat(value) if value is not None and "datetime" in str(type_) else value
