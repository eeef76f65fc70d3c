"""Events as tests send and find them: messages as the broker would deliver them, and what the outbox holds."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, text

from chassis.database import Database
from chassis.delivery.envelope import Draft, Message, headers, source_of

STREET = "xinan"


def message(
    draft: Draft,
    producer: str,
    *,
    time: datetime | None = None,
    epoch: int = 1,
    redelivered: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> Message:
    """The message the relay would publish for `draft`; `extra` adds unknown fields to its data."""
    if extra:
        draft = Draft(
            draft.type, draft.subject, draft.seq, {**draft.data, **extra}, draft.partitionkey, draft.restricted
        )
    row = {
        "event_id": uuid.uuid4(),
        "type": draft.type,
        "version": draft.version,
        "subject": draft.subject,
        "seq": draft.seq,
        "epoch": epoch,
        "partitionkey": draft.partitionkey or draft.subject,
        "time": time or datetime.now(UTC),
        "traceparent": None,
    }
    return Message(headers(source_of(STREET, producer), row), draft.body().encode(), redelivered)


def published(database: Database) -> list[RowMapping]:
    """Everything in the outbox, oldest first: type, subject, seq, body."""
    with database.transaction() as tx:
        return list(tx.execute(text("select * from outbox order by id")).mappings().all())
