"""The events of letters and messages."""

from collections.abc import Mapping
from datetime import datetime

from chassis.delivery.envelope import Draft
from chassis.delivery.events import EventType
from services.notify import events
from services.notify.domain.letter import Letter, State
from services.notify.domain.template import RESIDENT
from services.notify.store.messages import StoredMessage

_LETTER: Mapping[State, EventType] = {
    State.PROPOSED: events.LETTER_PROPOSED,
    State.ISSUED: events.LETTER_ISSUED,
    State.ACKNOWLEDGED: events.LETTER_ACKNOWLEDGED,
    State.VOIDED: events.LETTER_VOIDED,
}


def letter_draft(letter: Letter, now: datetime) -> Draft:
    """The event of the state the letter reached at `now`."""
    payload = {
        "case": letter.case,
        "unit": letter.unit,
        "unit_name": letter.unit_name,
        "state": letter.state,
        "letter_number": letter.number,
        "breach": {"kind": letter.kind, "gen": letter.gen, "due": letter.due, "breached_at": letter.breached_at},
        "at": now,
    }
    if letter.state is State.VOIDED:
        payload |= {"cause": letter.cause, "reason": letter.reason}
    return _LETTER[letter.state].draft(
        letter.id, letter.version, payload, restricted=letter.restricted, partitionkey=letter.case
    )


def message_draft(
    stored: StoredMessage, gateway: str | None, now: datetime, *, failed_because: str | None = None
) -> Draft:
    """`message.delivered`, or `message.failed` with its reason: the only event a message ever has."""
    message = stored.message
    payload = {
        "case": message.case,
        "template": message.template,
        "audience": message.audience,
        "recipient": None if message.recipient == RESIDENT else message.recipient,
        "sms": stored.sms,
        "gateway": gateway,
        "at": now,
    }
    type_ = events.DELIVERED
    if failed_because:
        type_, payload = events.FAILED, payload | {"reason": failed_because}
    return type_.draft(stored.id, 1, payload, restricted=stored.restricted, partitionkey=message.case)
