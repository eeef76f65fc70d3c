"""What an operator decides about messages of unknown fate."""

import uuid

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery import outbox
from services.notify import store
from services.notify.commands.published import message_draft
from services.notify.domain.message import require_legal
from services.notify.errors import MessageNotFound
from services.notify.store.messages import StoredMessage


def listed(tx: Connection) -> list[StoredMessage]:
    """Held messages, oldest first."""
    return store.held.listed(tx)


def send(tx: Connection, message_id: str) -> None:
    """Sends a held message again, whatever its age: somebody found out that it did not arrive.

    Raises MessageNotFound, IllegalTransition.
    """
    _locked(tx, message_id, "send")
    store.held.send_again(tx, message_id, clock.now(tx))


def drop(tx: Connection, message_id: str, reason: str, by: str) -> None:
    """Gives a held message up; `reason` and `by` are stored with it, and `message.failed` says `dropped`.

    Raises MessageNotFound, IllegalTransition.
    """
    stored = _locked(tx, message_id, "drop")
    now = clock.now(tx)
    store.held.drop(tx, message_id, f"dropped by {by}: {reason}", now)
    outbox.put(tx, [message_draft(stored, None, now, failed_because="dropped")])


def _locked(tx: Connection, message_id: str, command: str) -> StoredMessage:
    stored = store.held.lock(tx, message_id) if _is_id(message_id) else None
    if stored is None:
        raise MessageNotFound()
    require_legal(stored.state, command)
    return stored


def _is_id(typed: str) -> bool:
    try:
        return bool(uuid.UUID(typed))
    except ValueError:
        return False
