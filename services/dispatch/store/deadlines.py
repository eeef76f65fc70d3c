"""The deadlines of each case, as sla last said: mark, clocks, and the limit that ends next, for sorting."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.dispatch.domain.deadlines import Deadline, Deadlines
from services.dispatch.store.documents import as_json

LOCK_DEADLINES = text(
    "select number, mark, clocks from standings where number = any(:numbers) order by number for update"
)
SAVE_DEADLINES = text("""
    insert into standings (number, mark, clocks, close_due, next_due, next_kind)
    select number, mark, clocks, close_due, coalesce(next_due, 'infinity'), next_kind
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (number text, mark text, clocks jsonb, close_due timestamptz,
        next_due timestamptz, next_kind text)
    on conflict (number) do update set mark = excluded.mark, clocks = excluded.clocks,
        close_due = excluded.close_due, next_due = excluded.next_due, next_kind = excluded.next_kind
""")


def lock_deadlines(tx: Connection, numbers: Collection[str]) -> dict[str, Deadlines]:
    """The known ones of `numbers`, locked in order of number."""
    rows = tx.execute(LOCK_DEADLINES, {"numbers": sorted(numbers)})
    return {row.number: Deadlines(row.number, row.mark, clocks_of(row.clocks)) for row in rows}


def save_deadlines(tx: Connection, deadlines: Sequence[Deadlines]) -> None:
    if deadlines:
        tx.execute(SAVE_DEADLINES, {"rows": as_json([_row(each) for each in deadlines])})


def clocks_of(document: Mapping[str, Mapping[str, Any]]) -> dict[str, Deadline]:
    return {
        kind: Deadline(clock["gen"], clock["status"], datetime.fromisoformat(clock["due"]))
        for kind, clock in document.items()
    }


def _row(deadlines: Deadlines) -> dict[str, Any]:
    names = ("number", "mark", "close_due", "next_due", "next_kind")
    clocks = {kind: asdict(clock) for kind, clock in deadlines.clocks.items()}
    return {**{name: getattr(deadlines, name) for name in names}, "clocks": clocks}
