"""The gauges read from every service's database, off the hot path, by one loop of each worker."""

from sqlalchemy import text

from chassis import metrics
from chassis.database import Database
from chassis.delivery import aside, relay

REVISION = text("select version_num from alembic_version")
BACKUP = text("select coalesce(extract(epoch from max(taken_at)), 0) from backups")


def measure(database: Database, queue_missing: bool = False) -> None:
    """Sets them; `queue_missing`: the relay of this process finds a reader's queue missing right now."""
    with database.transaction() as tx:
        waiting, put_aside, halted = relay.gauges(tx), aside.counts(tx), relay.halts(tx)
        revision, backup = tx.execute(REVISION).scalar_one(), tx.execute(BACKUP).scalar_one()
    metrics.OUTBOX_ROWS.set(waiting["rows"])
    metrics.OUTBOX_OLDEST_SECONDS.set(waiting["oldest_seconds"])
    metrics.OUTBOX_HELD.set(waiting["held"])
    metrics.ASIDE_ROWS.replace({(state,): count for state, count in put_aside.items()})
    metrics.RELAY_STOPPED.replace({("queue_missing",): float(queue_missing or bool(halted))})
    metrics.SCHEMA_REVISION.replace({(revision,): 1})
    metrics.BACKUP_TAKEN.set(float(backup))
