"""What people look at: a case, pages of cases by time left, and how the clocks stand."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from chassis.cursor import Cursor
from services.sla.domain.case import Case
from services.sla.domain.clock import RUNNING
from services.sla.store.cases import READ, case_of, clocks_of


def case(tx: Connection, number: str, scopes: Sequence[str]) -> Case | None:
    """A case as far as these scopes may see it."""
    row = tx.execute(
        text(f"select {READ} from cases where number = :number and scopes && cast(:scopes as text[])"),
        {"number": number, "scopes": list(scopes)},
    ).one_or_none()
    return case_of(row, clocks_of(tx, [number]).get(number, {})) if row else None


def page(tx: Connection, scopes: Sequence[str], after: Cursor, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Cases these scopes may see, by time left: of the nearest clock, or of the clock of `kind` while it runs."""
    wanted = {name: query[name] for name in ("mark", "unit", "kind", "limit")}
    rows = tx.execute(
        PAGE_OF_KIND if wanted["kind"] else PAGE,
        {**wanted, "scopes": list(scopes), "due": after.due, "number": after.number},
    )
    return [dict(row._mapping) for row in rows]


_RUNNING = ", ".join(f"'{status}'" for status in RUNNING)
_FILTER = """
    k.scopes && cast(:scopes as text[])
    and (cast(:mark as mark) is null or k.mark = cast(:mark as mark))
    and (cast(:unit as text) is null or k.unit = :unit)
"""
PAGE = text(f"""
    select k.number, k.unit, k.unit_name, k.complexity, k.restricted, k.mark, k.reason, k.nearest as kind,
           nullif(k.due, 'infinity') as due
    from cases k
    where {_FILTER} and (k.due, k.number) > (:due, :number)
    order by k.due, k.number limit :limit
""")
PAGE_OF_KIND = text(f"""
    select k.number, k.unit, k.unit_name, k.complexity, k.restricted, k.mark, k.reason, c.kind, c.due
    from cases k join clocks c using (number)
    where {_FILTER} and c.kind = :kind and c.status in ({_RUNNING}) and not c.held
      and (c.due, k.number) > (:due, :number)
    order by c.due, k.number limit :limit
""")


def armed(tx: Connection) -> int:
    """Clocks with something still to come."""
    count: int = tx.execute(text("select count(*) from clocks where next_at is not null")).scalar_one()
    return count


def overdue(tx: Connection) -> tuple[int, float]:
    """Clocks whose time has come and which have not fired, and how many seconds ago the first of them should have."""
    row = tx.execute(
        text("""
            select count(*) as due, coalesce(extract(epoch from clock_now() - min(next_at)), 0) as seconds
            from clocks where next_at <= clock_now()
        """)
    ).one()
    return row.due, float(row.seconds)


def status(tx: Connection) -> dict[str, object]:
    """How the clocks stand: armed, due, the seconds the longest due one waits, and until when all events are known."""
    row = tx.execute(
        text("""
            select (select count(*) from clocks where next_at is not null) as armed,
                   (select count(*) from clocks where next_at <= clock_now()) as due,
                   (select cast(coalesce(extract(epoch from clock_now() - min(next_at)), 0) as float) from clocks
                    where next_at <= clock_now()) as late_seconds,
                   cast(extract(epoch from clock_now() - caught_up_at) as float) as inbox_lag_seconds,
                   caught_up_at
            from progress
        """)
    ).one()
    return dict(row._mapping)
