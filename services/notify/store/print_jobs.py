"""What is printed on signed letters, and which of them the printer has to do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJob:
    """A signed letter and all that is printed on it."""

    letter: str
    content: Mapping[str, Any]


def add(tx: Connection, letter: str, content: Mapping[str, Any], now: datetime) -> None:
    """Fixes all that will be printed on a letter, and queues it for the printer."""
    tx.execute(
        text("update letters set content = cast(:content as jsonb), print_after = :now where id = cast(:id as uuid)"),
        {"id": letter, "content": json.dumps(content, ensure_ascii=False), "now": now},
    )


def claim(tx: Connection, now: datetime, until: datetime, limit: int) -> list[PrintJob]:
    """Signed letters that are due, reserved `until` then.

    What is reserved further ahead was so by a clock that has been set back since, and is due; the minute is for a
    transaction that began before another's reservation.
    """
    rows = tx.execute(
        text("""
            with due as (
                select id from letters where state = 'signed'
                    and (print_after <= :now or print_after > cast(:until as timestamptz) + interval '1 minute')
                order by print_after limit :limit for update skip locked)
            update letters l set print_after = :until from due where l.id = due.id returning l.id, l.content
        """),
        {"now": now, "until": until, "limit": limit},
    )
    return [PrintJob(letter=str(row.id), content=row.content) for row in rows]


def content(tx: Connection, letter: str) -> dict[str, Any] | None:
    """All that is printed on a letter; None if it was never signed or does not exist."""
    found: dict[str, Any] | None = tx.execute(
        text("select content from letters where id = cast(:id as uuid)"), {"id": letter}
    ).scalar_one_or_none()
    return found
