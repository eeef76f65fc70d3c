"""Pages and counts of cases, as far as the caller's scopes may see them."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, text

from chassis.cursor import Cursor
from services.dispatch.domain.case import Case
from services.dispatch.domain.deadlines import Deadlines
from services.dispatch.domain.requests import CaseList
from services.dispatch.domain.states import OPEN
from services.dispatch.store.cases import NAMES, case_of
from services.dispatch.store.deadlines import clocks_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A case in a list, with its deadlines."""

    case: Case
    deadlines: Deadlines

    def cursor(self, sort: str) -> str:
        """The `after` of the page that follows this entry."""
        number = self.case.number
        return Cursor.of(self.deadlines.next_due, number).written() if sort == "time_left" else number


@dataclass(frozen=True, slots=True)
class Count:
    """Open cases of one unit (None: not dispatched yet) or of one community (None: unknown), and their marks."""

    code: str | None
    open: int
    yellow: int
    red: int


FILTERS = {
    "state": "c.state = :state",
    "states": "c.state = any(cast(:states as text[]))",
    "unit": "c.unit = :unit",
    "community": "c.community = :community",
    "mark": "s.mark = :mark",
}
NONE = {("unit", "none"): "c.unit is null", ("community", "none"): "c.community is null"}
SEEN = "c.scopes && cast(:scopes as text[])"
ENTRY = ", ".join(f"c.{name}" for name in NAMES.split(", ")) + ", s.mark, s.clocks"
BY_NUMBER = "from cases c left join standings s using (number) where {} and c.number > :after order by c.number"
NEWEST = """
    from cases c left join standings s using (number)
    where {} and (:after = '' or c.number < :after) order by c.number desc
"""
# Every case has a row of standings from its first event on, so this list leaves none out and an index may lead it.
BY_TIME_LEFT = """
    from standings s join cases c using (number)
    where {} and (s.next_due, s.number) > (cast(:due as timestamptz), :after) order by s.next_due, s.number
"""
WALL = text(f"""
    select grouping(c.unit) = 0 as by_unit,
           case when grouping(c.unit) = 0 then c.unit else c.community end as code, count(*) as open,
           count(*) filter (where s.mark = 'yellow') as yellow, count(*) filter (where s.mark = 'red') as red
    from cases c left join standings s using (number)
    where c.state = any(cast(:open as text[])) and {SEEN}
    group by grouping sets ((c.unit), (c.community)) order by 1, 2
""")


def page(tx: Connection, scopes: Collection[str], query: CaseList) -> list[Entry]:
    """Up to `limit` cases after `after`, by number, newest first, or by time left, as far as `scopes` see."""
    asked = {name: value for name in FILTERS if (value := getattr(query, name))}
    conditions = [SEEN, *(NONE.get((name, value)) or FILTERS[name] for name, value in asked.items())]
    conditions += ["c.state = any(cast(:open as text[]))"] if query.open else []
    values = {**asdict(query), "scopes": sorted(scopes), "open": list(OPEN), "states": list(query.states)}
    listed = NEWEST if query.sort == "newest" else BY_NUMBER
    if query.sort == "time_left":
        after, listed = Cursor.read(query.after), BY_TIME_LEFT
        values |= {"due": after.due, "after": after.number}
    rows = tx.execute(text(f"select {ENTRY} {listed.format(' and '.join(conditions))} limit :limit"), values)
    return [entry_of(row) for row in rows]


def entry_of(row: Any) -> Entry:
    return Entry(case_of(row), Deadlines(row.number, row.mark or "none", clocks_of(row.clocks or {})))


def wall(tx: Connection, scopes: Collection[str]) -> tuple[list[Count], list[Count]]:
    """The open cases that `scopes` see, counted by unit and by community."""
    rows = tx.execute(WALL, {"scopes": sorted(scopes), "open": list(OPEN)}).all()
    counts = [(row.by_unit, Count(row.code, row.open, row.yellow, row.red)) for row in rows]
    return [count for by_unit, count in counts if by_unit], [count for by_unit, count in counts if not by_unit]


COUNT_OPEN = text(f"""
    select c.state, coalesce(s.mark, 'none') as mark, count(*) as cases
    from cases c left join standings s using (number)
    where c.state = any(cast(:open as text[])) and {SEEN} group by 1, 2
""")


def count_open(tx: Connection, scopes: Collection[str]) -> dict[tuple[str, str], int]:
    """How many open cases `scopes` see, by state and mark."""
    rows = tx.execute(COUNT_OPEN, {"scopes": sorted(scopes), "open": list(OPEN)})
    return {(row.state, row.mark): row.cases for row in rows}


def find_deadlines(tx: Connection, number: str) -> Deadlines:
    row = tx.execute(
        text("select mark, clocks from standings where number = :number"), {"number": number}
    ).one_or_none()
    return Deadlines(number, row.mark, clocks_of(row.clocks)) if row else Deadlines(number)


# For the gauges. A restricted case shows no unit: it may be about the very unit that looks.
PRESENT = text("""
    select c.state, case when c.restricted then 'restricted' else coalesce(c.unit, 'none') end as unit,
           coalesce(s.mark, 'none') as mark, count(*) as cases
    from cases c left join standings s using (number)
    where c.state = any(cast(:open as text[])) group by 1, 2, 3
""")
CLOSED_TODAY = text("""
    select count(*) from cases
    where state = 'closed'
      and closed_at >= date_trunc('day', clock_now() at time zone 'Asia/Shanghai') at time zone 'Asia/Shanghai'
""")


def present(tx: Connection) -> tuple[dict[tuple[str, str, str], int], int]:
    """Open cases by state, unit and mark; and how many of all were closed since midnight in Asia/Shanghai."""
    counted = {(row.state, row.unit, row.mark): row.cases for row in tx.execute(PRESENT, {"open": list(OPEN)})}
    return counted, tx.execute(CLOSED_TODAY).scalar_one()


def count_by_state(tx: Connection) -> dict[str, int]:
    rows = tx.execute(text("select state, count(*) as cases from cases group by state order by state"))
    return {row.state: row.cases for row in rows}
