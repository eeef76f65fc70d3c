"""Cases with their clocks: read under lock, and written back, in a constant number of statements."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from services.sla.domain.case import Case
from services.sla.domain.clock import Clock, Status
from services.sla.domain.facts import NOTHING, DispatchFacts, IntakeFacts
from services.sla.domain.limit import Complexity, Kind
from services.sla.domain.mark import Mark, Reason

CASE = (
    *("version", "submitted_at", "accepted_at", "refused_at", "withdrawn_at", "emergency"),
    *("stated_dispatched_at", "stated_contacted_at", "intake_imported_at"),
    *("state", "unit", "unit_name", "helpers", "complexity", "priority", "sensitive", "restricted", "dispatched_at"),
    *("contacted_at", "replied_at", "closed_at", "sent_back_at", "round", "reopened_at", "stops"),
    "dispatch_imported_at",
    *("risk_mark", "time_mark", "mark", "reason", "nearest", "due", "scopes"),
)
# `risk_mark` and `time_mark` are for the claim, the last three for the lists; none is read back.
READ = "number, " + ", ".join(CASE[:-3])
LISTED = ("helpers", "stops")
DISPATCH = tuple(name for name in DispatchFacts.__slots__ if name not in ("imported_at", "complexity", *LISTED))
CLOCK = tuple(Clock.__slots__)
CLOCK_LIST = ", ".join(CLOCK)


def load(tx: Connection, numbers: Sequence[str]) -> dict[str, Case]:
    """The cases that exist, locked in order, each with its clocks: three statements.

    The advisory locks are for cases not yet there: events of two sources may both be a case's first.
    """
    tx.execute(
        text("select pg_advisory_xact_lock(hashtextextended(n, 0)) from unnest(cast(:numbers as text[])) as n"),
        {"numbers": list(numbers)},
    )
    rows = tx.execute(
        text(f"select {READ} from cases where number = any(:numbers) order by number for update"),
        {"numbers": list(numbers)},
    ).all()
    clocks = clocks_of(tx, [row.number for row in rows])
    return {row.number: case_of(row, clocks.get(row.number, {})) for row in rows}


def clocks_of(tx: Connection, numbers: Sequence[str]) -> dict[str, dict[Kind, Clock]]:
    """The clocks of each of the cases."""
    if not numbers:
        return {}
    found: dict[str, dict[Kind, Clock]] = {}
    rows = tx.execute(
        text(f"select number, {CLOCK_LIST} from clocks where number = any(:numbers)"), {"numbers": list(numbers)}
    )
    for number, *values in rows:
        fields = dict(zip(CLOCK, values, strict=True))
        clock = Clock(**fields | {"kind": Kind(fields["kind"]), "status": Status(fields["status"])})
        found.setdefault(number, {})[clock.kind] = clock
    return found


def case_of(row: Row[Any], clocks: Mapping[Kind, Clock]) -> Case:
    """The domain's value of a row and its clocks."""
    return Case(
        number=row.number,
        version=row.version,
        intake=_intake(row),
        dispatch=_dispatch(row),
        clocks=clocks,
        mark=Mark(row.mark),
        reason=Reason(row.reason),
    )


def _intake(row: Row[Any]) -> IntakeFacts | None:
    if row.submitted_at is None:
        return None
    return IntakeFacts(
        submitted_at=row.submitted_at,
        accepted_at=row.accepted_at,
        refused_at=row.refused_at,
        withdrawn_at=row.withdrawn_at,
        emergency=row.emergency,
        dispatched_at=row.stated_dispatched_at,
        contacted_at=row.stated_contacted_at,
        imported_at=row.intake_imported_at,
    )


def _dispatch(row: Row[Any]) -> DispatchFacts:
    if row.state == NOTHING.state:
        return NOTHING
    return DispatchFacts(
        **{name: getattr(row, name) for name in DISPATCH},
        helpers=tuple(row.helpers),
        stops=tuple(row.stops),
        complexity=Complexity(row.complexity) if row.complexity else None,
        imported_at=row.dispatch_imported_at,
    )


def save(tx: Connection, changed: Mapping[str, Case]) -> None:
    """Writes the cases, their clocks and what these fired: three statements."""
    cases = [_case_row(each) for each in changed.values()]
    clocks = [_clock_row(each.number, clock) for each in changed.values() for clock in each.clocks.values()]
    tx.execute(SAVE_CASES, {"rows": _json(cases)})
    if clocks:
        tx.execute(SAVE_CLOCKS, {"rows": _json(clocks)})
        tx.execute(SAVE_FIRINGS, {"rows": _json(_firing_rows(changed))})


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(rows, default=str)


def _case_row(each: Case) -> dict[str, Any]:
    intake, dispatch, nearest = each.intake, each.dispatch, each.nearest
    return {
        "number": each.number,
        "version": each.version,
        "submitted_at": intake and intake.submitted_at,
        "accepted_at": intake and intake.accepted_at,
        "refused_at": intake and intake.refused_at,
        "withdrawn_at": intake and intake.withdrawn_at,
        "emergency": bool(intake and intake.emergency),
        "stated_dispatched_at": intake and intake.dispatched_at,
        "stated_contacted_at": intake and intake.contacted_at,
        "intake_imported_at": intake and intake.imported_at,
        **{name: getattr(dispatch, name) for name in (*DISPATCH, *LISTED)},
        "complexity": dispatch.complexity,
        "dispatch_imported_at": dispatch.imported_at,
        "risk_mark": each.risk,
        "time_mark": each.time,
        "mark": each.mark,
        "reason": each.reason,
        "nearest": nearest and nearest.kind,
        "due": nearest.due if nearest else "infinity",
        "scopes": each.scopes,
    }


def _clock_row(number: str, clock: Clock) -> dict[str, Any]:
    return {"number": number, "next_at": clock.next_at, **{name: getattr(clock, name) for name in CLOCK}}


def _firing_rows(changed: Mapping[str, Case]) -> list[dict[str, Any]]:
    return [
        {
            "number": each.number,
            "kind": clock.kind,
            "gen": clock.gen,
            "stage": stage,
            "at": at,
            "silent": each.imported_at is not None and at <= each.imported_at,
            "retracted": stage == "breached" and clock.retracted,
        }
        for each in changed.values()
        for clock in (*each.past, *each.clocks.values())
        for stage, at in (("warned", clock.warned_at), ("breached", clock.breached_at))
        if at is not None
    ]


def _upsert(table: str, key: str, columns: Sequence[str], rows: str) -> str:
    named, excluded = ", ".join(columns), ", ".join(f"excluded.{column}" for column in columns)
    return f"""
        insert into {table} ({key}, {named}) {rows}
        on conflict ({key}) do update set ({named}) = row ({excluded})
        where {table}.* is distinct from excluded.*
    """


SAVE_CASES = text(
    _upsert(
        "cases",
        "number",
        CASE,
        f"select number, {', '.join(CASE)} from jsonb_populate_recordset(cast(null as cases), cast(:rows as jsonb))",
    )
)
# A clock already past its time is looked at from now on: the claim's floor may have risen beyond it.
SAVE_CLOCKS = text(
    _upsert(
        "clocks",
        "number, kind",
        (*CLOCK[1:], "next_at"),
        f"""select number, {CLOCK_LIST}, case when next_at is not null then greatest(next_at, clock_now()) end
            from jsonb_populate_recordset(cast(null as clocks), cast(:rows as jsonb))""",
    )
)
SAVE_FIRINGS = text("""
    insert into firings (number, kind, gen, stage, at, fired_at, silent, retracted)
    select number, kind, gen, stage, at, clock_now(), silent, retracted
    from jsonb_populate_recordset(cast(null as firings), cast(:rows as jsonb))
    on conflict (number, kind, gen, stage) do update set at = excluded.at, retracted = excluded.retracted
    where (firings.at, firings.retracted) is distinct from (excluded.at, excluded.retracted)
""")
