"""What a person decides about messages of unknown fate, and what the status shows."""

import uuid
from collections.abc import Mapping

from sqlalchemy import Connection

from chassis import clock
from chassis.database import Database
from chassis.delivery import outbox
from services.notify import metrics, store
from services.notify.commands.published import message_draft
from services.notify.domain.message import TRANSITIONS
from services.notify.errors import IllegalTransition, MessageNotFound
from services.notify.store.messages import Waiting


def listed(tx: Connection) -> list[Waiting]:
    """Held messages, oldest first."""
    return store.messages.held(tx)


def send(tx: Connection, message_id: str) -> None:
    """Sends a held message again, whatever its age: somebody found out that it did not arrive.

    Raises MessageNotFound, IllegalTransition.
    """
    _held(tx, message_id, "send")
    store.messages.order(tx, message_id, clock.now(tx))


def drop(tx: Connection, message_id: str, reason: str, by: str) -> None:
    """Gives a held message up; `reason` and whose it is are kept, `message.failed` says `dropped`. Raises as `send`."""
    waiting = _held(tx, message_id, "drop")
    now = clock.now(tx)
    store.messages.drop(tx, message_id, f"dropped by {by}: {reason}", now)
    outbox.put(tx, [message_draft(waiting, waiting.sms, None, now, failed_because="dropped")])


def _held(tx: Connection, message_id: str, command: str) -> Waiting:
    waiting = store.messages.lock(tx, message_id) if _is_id(message_id) else None
    if waiting is None:
        raise MessageNotFound()
    legal = TRANSITIONS[waiting.state]
    if waiting.state != "held" or command not in legal:
        raise IllegalTransition(state=waiting.state, legal=[])
    return waiting


def _is_id(typed: str) -> bool:
    try:
        return bool(uuid.UUID(typed))
    except ValueError:
        return False


def status(tx: Connection) -> Mapping[str, object]:
    """What waits, for `status` and the gauges."""
    return {
        "messages": store.messages.counts(tx),
        "oldest_due_seconds": store.messages.oldest_due_seconds(tx, clock.now(tx)),
        "letters": store.letters.counts(tx),
        "oldest_signed_seconds": store.letters.oldest_signed_seconds(tx, clock.now(tx)),
    }


def measure(database: Database) -> None:
    """Sets the gauges that are read from the database."""
    with database.transaction() as tx:
        messages, letters = store.messages.counts(tx), store.letters.counts(tx)
        oldest = store.messages.oldest_due_seconds(tx, clock.now(tx))
    metrics.WAITING.replace({(state,): messages.get(state, 0) for state in ("pending", "claimed", "held")})
    metrics.UNSIGNED.replace({(state,): letters.get(state, 0) for state in ("proposed", "signed", "issued")})
    metrics.OLDEST.set(oldest)
