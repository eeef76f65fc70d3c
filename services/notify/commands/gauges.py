"""How much waits: for `status` and the metrics."""

from collections.abc import Mapping

from sqlalchemy import Connection

from chassis import clock
from chassis.database import Database
from services.notify import metrics, store


def status(tx: Connection) -> Mapping[str, object]:
    """What waits, and for how long, for the command `status`."""
    now = clock.now(tx)
    return {
        "messages": store.gauges.messages(tx),
        "oldest_due_seconds": store.gauges.oldest_due_seconds(tx, now),
        "letters": store.gauges.letters(tx),
        "oldest_signed_seconds": store.gauges.oldest_signed_seconds(tx, now),
    }


def measure(database: Database) -> None:
    """Sets the gauges that are read from the database."""
    with database.transaction() as tx:
        messages, letters = store.gauges.messages(tx), store.gauges.letters(tx)
        oldest = store.gauges.oldest_due_seconds(tx, clock.now(tx))
    metrics.WAITING.replace({(state,): messages.get(state, 0) for state in ("pending", "claimed", "held")})
    metrics.UNSIGNED.replace({(state,): letters.get(state, 0) for state in ("proposed", "signed", "issued")})
    metrics.OLDEST.set(oldest)
