"""Gauges of intake's cases, read from the database by one loop of each worker."""

from itertools import product

from chassis.database import Database
from services.intake import metrics, store
from services.intake.domain.case import Channel, State


def measure(database: Database) -> None:
    """Sets them all, including those that are 0."""
    with database.transaction() as tx:
        found = store.present(tx)
    metrics.CASES.replace({pair: found.get(pair, 0) for pair in product(map(str, Channel), map(str, State))})
