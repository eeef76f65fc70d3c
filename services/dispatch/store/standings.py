"""What sla told last of each case: mark, close limit, and the limit that ends next. Lists sort by it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.dispatch.domain.deadlines import Deadline, Standing
from services.dispatch.store.documents import as_json

LOCK_STANDINGS = text(
    "select number, mark, clocks from standings where number = any(:numbers) order by number for update"
)
SAVE_STANDINGS = text("""
    insert into standings (number, mark, clocks, close_due, next_due, next_kind)
    select number, mark, clocks, close_due, coalesce(next_due, 'infinity'), next_kind
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (number text, mark text, clocks jsonb, close_due timestamptz,
        next_due timestamptz, next_kind text)
    on conflict (number) do update set mark = excluded.mark, clocks = excluded.clocks,
        close_due = excluded.close_due, next_due = excluded.next_due, next_kind = excluded.next_kind
""")


def lock_standings(tx: Connection, numbers: Collection[str]) -> dict[str, Standing]:
    """The known ones of `numbers`, locked in order of number."""
    rows = tx.execute(LOCK_STANDINGS, {"numbers": sorted(numbers)})
    return {row.number: Standing(row.number, row.mark, clocks_of(row.clocks)) for row in rows}


def save_standings(tx: Connection, standings: Sequence[Standing]) -> None:
    if standings:
        tx.execute(SAVE_STANDINGS, {"rows": as_json([_row(standing) for standing in standings])})


def clocks_of(document: Mapping[str, Mapping[str, Any]]) -> dict[str, Deadline]:
    return {
        kind: Deadline(clock["gen"], clock["status"], datetime.fromisoformat(clock["due"]))
        for kind, clock in document.items()
    }


def _row(standing: Standing) -> dict[str, Any]:
    names = ("number", "mark", "close_due", "next_due", "next_kind")
    clocks = {kind: asdict(clock) for kind, clock in standing.clocks.items()}
    return {**{name: getattr(standing, name) for name in names}, "clocks": clocks}
