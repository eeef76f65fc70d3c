"""Pages and counts of cases, as far as the caller's scopes may see them."""

from collections.abc import Collection

from sqlalchemy import Connection, text

from services.dispatch.case import Case
from services.dispatch.store.cases import NAMES, case_of


def page(
    tx: Connection, scopes: Collection[str], *, state: str | None, unit: str | None, after: str, limit: int
) -> list[Case]:
    """Up to `limit` cases with numbers above `after`, as far as `scopes` may see them."""
    conditions = ["scopes && cast(:scopes as text[])", "number > :after"]
    conditions += ["state = :state"] if state else []
    conditions += ["unit = :unit"] if unit else []
    rows = tx.execute(
        text(f"select {NAMES} from cases where {' and '.join(conditions)} order by number limit :limit"),
        {"scopes": sorted(scopes), "after": after, "state": state, "unit": unit, "limit": limit},
    )
    return [case_of(row) for row in rows]


def count_by_state(tx: Connection) -> dict[str, int]:
    rows = tx.execute(text("select state, count(*) as cases from cases group by state order by state"))
    return {row.state: row.cases for row in rows}
