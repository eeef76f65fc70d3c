"""How often an event was tried: what finds the one that kills the process which tries it.

Counting need not outlive the database's own crash, so it does not wait for the disk: an event alone costs one flush
instead of three. A kill of this process, which is what is counted, loses nothing that was committed.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, text

from chassis.database import Database
from chassis.delivery import gate

_UNFLUSHED = text("set local synchronous_commit = off")


def begin(database: Database, keys: Sequence[str]) -> bool:
    """Notes these redelivered events; whether none was noted before. Raises Rebuilding.

    Then they come from a hand-over, not from a kill, and may go together. Should one of them be what kills the
    process, they all come once more, and go one by one.
    """
    if not keys:
        return True
    with database.transaction() as tx:
        gate.enter(tx)
        new = tx.execute(
            text("""
                insert into attempt (event_id, attempts) select unnest(cast(:keys as text[])), 0
                on conflict do nothing
            """),
            {"keys": list(keys)},
        ).rowcount
    return new == len(keys)


def count(database: Database, key: str) -> int:
    """Counts one more attempt at the event, before it is made, and returns which it is. Raises Rebuilding."""
    with database.transaction() as tx:
        tx.execute(_UNFLUSHED)
        gate.enter(tx)  # waiting for a rebuild is no attempt
        attempts: int = tx.execute(
            text("""
                insert into attempt (event_id, attempts) values (:key, 1)
                on conflict (event_id) do update set attempts = attempt.attempts + 1
                returning attempts
            """),
            {"key": key},
        ).scalar_one()
        return attempts


def forget(database: Database, keys: Sequence[str]) -> None:
    """The events are committed: what was counted of them goes."""
    if keys:
        with database.transaction() as tx:
            tx.execute(_UNFLUSHED)
            delete(tx, keys)


def delete(tx: Connection, keys: Sequence[str]) -> None:
    """As `forget`, with what else the transaction does."""
    tx.execute(text("delete from attempt where event_id = any(cast(:keys as text[]))"), {"keys": list(keys)})
