"""What an operator sees and decides about held messages."""

from datetime import datetime

from sqlalchemy import Connection, text

from services.notify.store.messages import COLUMNS, StoredMessage, from_row


def listed(tx: Connection) -> list[StoredMessage]:
    """Held messages, oldest first."""
    rows = tx.execute(text(f"select {COLUMNS} from messages m where m.state = 'held' order by m.recorded_at, m.id"))
    return [from_row(row) for row in rows]


def lock(tx: Connection, message: str) -> StoredMessage | None:
    """One message in whatever state, locked."""
    row = tx.execute(
        text(f"select {COLUMNS} from messages m where m.id = cast(:id as uuid) for update"), {"id": message}
    ).one_or_none()
    return from_row(row) if row else None


def send_again(tx: Connection, message: str, now: datetime) -> None:
    """Makes a held message pending again, to be sent whatever its age."""
    tx.execute(
        text("""
            update messages set state = 'pending', ordered = true, sms = null, reason = null, next_try = :now
            where id = cast(:id as uuid)
        """),
        {"id": message, "now": now},
    )


def drop(tx: Connection, message: str, reason: str, now: datetime) -> None:
    """Gives a held message up."""
    tx.execute(
        text("""
            update messages set state = 'failed', reason = :reason, ended_at = :now, version = version + 1
            where id = cast(:id as uuid)
        """),
        {"id": message, "reason": reason, "now": now},
    )
