"""The gauges of dispatch's cases, read from its database by one loop of each worker."""

from collections import Counter

from chassis.database import Database
from services.dispatch import metrics, store
from services.dispatch.domain.states import OPEN


def measure(database: Database) -> None:
    """Sets them; every state is shown, also with no case."""
    with database.transaction() as tx:
        found, closed = store.present(tx)
    by_state: Counter[str] = Counter(dict.fromkeys(OPEN, 0))
    by_unit = Counter[tuple[str, ...]]()
    for (state, unit, mark), cases in found.items():
        by_state[state] += cases
        by_unit[unit, mark] += cases
    metrics.CASES.replace({(state,): cases for state, cases in (by_state | {"closed": closed}).items()})
    metrics.CASES_OPEN.replace(by_unit)
