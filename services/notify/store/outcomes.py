"""What became of claimed SMS, and thereby of the messages they carried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from services.notify.domain.message import TRANSITIONS, State
from services.notify.store.messages import COLUMNS, StoredMessage, from_row

# A released SMS was never sent; its messages go out with another one.
_SMS_STATES = {"deliver": "sent", "refuse": "failed", "release": "released", "hold": "held"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one attempt at one SMS: the command its messages get (`message.TRANSITIONS`), and why.

    `next_try` is when released messages are due again.
    """

    sms: str
    attempt: int
    command: str
    reason: str | None = None
    next_try: datetime | None = None


def record(tx: Connection, outcomes: Sequence[Outcome], now: datetime) -> list[StoredMessage]:
    """Records the outcomes and returns the messages they changed.

    An outcome of an older attempt comes from a process that lost its lease, and changes nothing.
    """
    ended = tx.execute(
        text("""
            update sms s set state = e.state, ended_at = :now, reason = e.reason
            from unnest(
                    cast(:sms as uuid[]), cast(:attempts as int[]), cast(:states as text[]), cast(:reasons as text[]))
                as e (id, attempt, state, reason)
            where s.id = e.id and s.attempt = e.attempt and s.state = 'claimed' returning s.id
        """),
        {
            "sms": [each.sms for each in outcomes],
            "attempts": [each.attempt for each in outcomes],
            "states": [_SMS_STATES[each.command] for each in outcomes],
            "reasons": [each.reason for each in outcomes],
            "now": now,
        },
    )
    valid = {str(row.id) for row in ended}
    return _record_messages(tx, [each for each in outcomes if each.sms in valid], now)


def _record_messages(tx: Connection, outcomes: Sequence[Outcome], now: datetime) -> list[StoredMessage]:
    rows = tx.execute(
        text(f"""
            update messages m set state = e.state, reason = e.reason,
                next_try = coalesce(e.next_try, m.next_try),
                sms = case when e.state = 'pending' then null else m.sms end,
                ended_at = case when e.state in ('sent', 'failed') then :now end,
                version = m.version + case when e.state in ('sent', 'failed') then 1 else 0 end
            from unnest(
                    cast(:sms as uuid[]), cast(:states as text[]), cast(:reasons as text[]),
                    cast(:next as timestamptz[]))
                as e (sms, state, reason, next_try)
            where m.sms = e.sms and m.state = 'claimed' returning {COLUMNS}
        """),
        {
            "sms": [each.sms for each in outcomes],
            "states": [TRANSITIONS[State.CLAIMED][each.command] for each in outcomes],
            "reasons": [each.reason for each in outcomes],
            "next": [each.next_try for each in outcomes],
            "now": now,
        },
    )
    return [from_row(row) for row in rows]
