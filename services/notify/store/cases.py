"""Cases, as far as they are known."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from services.notify.domain.case import Breach, Case, Clock, Closing, Mark, Stop, Submission, Withdrawal

Part = TypeVar("Part", Submission, Closing, Withdrawal, Clock, Stop, Mark, Breach)
_COLUMNS = "number, intake, dispatch, withdrawal, sla, stops, restricted_by"
_MOMENTS = frozenset({"recorded_at", "at", "started_at", "warn_at", "due", "breached_at"})


def load(tx: Connection, numbers: Sequence[str], *, lock: bool = True) -> dict[str, Case]:
    """Those of `numbers` that are known, locked in order unless `lock` is false."""
    rows = tx.execute(
        text(
            f"select {_COLUMNS} from cases"
            " where number = any(:numbers) order by number" + (" for update" if lock else "")
        ),
        {"numbers": sorted(set(numbers))},
    )
    return {row.number: _case(row) for row in rows}


def save(tx: Connection, cases: Iterable[tuple[Case, datetime | None]]) -> None:
    """Writes the cases, each with the time at which it must next be checked for a letter (`plan.next_letter`)."""
    rows = [
        {
            "number": case.number,
            "intake": _written(case.submission) if case.submission else None,
            "dispatch": {"closings": [_written(each) for each in case.closings]},
            "withdrawal": _written(case.withdrawal) if case.withdrawal else None,
            "sla": {
                "clocks": [_written(each) for each in case.clocks],
                "marks": [_written(each) for each in case.marks],
                "breaches": [_written(each) for each in case.breaches],
            },
            "stops": [_written(each) for each in case.stops],
            "restricted_by": sorted(case.restricted_by),
            "letter_due": letter_due.isoformat() if letter_due else None,
        }
        for case, letter_due in cases
    ]
    tx.execute(
        text(f"""
            insert into cases ({_COLUMNS}, letter_due)
            select {_COLUMNS}, letter_due
            from jsonb_to_recordset(cast(:rows as jsonb)) as r (
                number text, intake jsonb, dispatch jsonb, withdrawal jsonb, sla jsonb, stops jsonb,
                restricted_by text[], letter_due timestamptz)
            on conflict (number) do update set intake = excluded.intake, dispatch = excluded.dispatch,
                withdrawal = excluded.withdrawal, sla = excluded.sla, stops = excluded.stops,
                restricted_by = excluded.restricted_by, letter_due = excluded.letter_due
        """),
        {"rows": json.dumps(rows)},
    )


def waiting_for_letter(tx: Connection, now: datetime, limit: int) -> dict[str, Case]:
    """Cases whose grace period before a letter has ended, locked; those another process has locked are left to it."""
    rows = tx.execute(
        text(f"""
            select {_COLUMNS} from cases
            where letter_due <= :now order by letter_due limit :limit for update skip locked
        """),
        {"now": now, "limit": limit},
    )
    return {row.number: _case(row) for row in rows}


def _case(row: Any) -> Case:
    return Case(
        number=row.number,
        submission=_read(Submission, row.intake) if row.intake else None,
        closings=_all(Closing, row.dispatch.get("closings")),
        withdrawal=_read(Withdrawal, row.withdrawal) if row.withdrawal else None,
        stops=_all(Stop, row.stops),
        clocks=_all(Clock, row.sla.get("clocks")),
        marks=_all(Mark, row.sla.get("marks")),
        breaches=_all(Breach, row.sla.get("breaches")),
        restricted_by=frozenset(row.restricted_by),
    )


def _all(kind: type[Part], written: Sequence[Mapping[str, Any]] | None) -> tuple[Part, ...]:
    return tuple(_read(kind, each) for each in written or ())


def _written(part: Submission | Closing | Withdrawal | Clock | Stop | Mark | Breach) -> dict[str, Any]:
    return {each.name: _plain(getattr(part, each.name)) for each in fields(part)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.total_seconds() if isinstance(value, timedelta) else value


def _read(kind: type[Part], written: Mapping[str, Any]) -> Part:
    values: dict[str, Any] = {
        name: datetime.fromisoformat(value) if name in _MOMENTS else value for name, value in written.items()
    }
    if "letter_after" in values:
        values["letter_after"] = timedelta(seconds=values["letter_after"])
    return kind(**values)
