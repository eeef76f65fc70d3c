"""The gauges of sla's clocks, read from its database by one loop of each worker."""

from chassis.database import Database
from services.sla import metrics, store


def measure(database: Database) -> None:
    """Sets the gauges of the clocks that are armed and of those that should have fired."""
    with database.transaction() as tx:
        armed, (due, seconds) = store.armed(tx), store.overdue(tx)
    metrics.ARMED.set(armed)
    metrics.DUE.set(due)
    metrics.LATEST.set(seconds)
