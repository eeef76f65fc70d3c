"""A letter and a message as their events tell of them."""

from collections.abc import Mapping
from datetime import datetime

from chassis.delivery.envelope import Draft
from chassis.delivery.events import EventType
from services.notify import events
from services.notify.domain.letter import Letter
from services.notify.domain.template import RESIDENT
from services.notify.store.messages import Waiting

_LETTER: Mapping[str, EventType] = {
    "proposed": events.LETTER_PROPOSED,
    "issued": events.LETTER_ISSUED,
    "acknowledged": events.LETTER_ACKNOWLEDGED,
    "voided": events.LETTER_VOIDED,
}


def letter_draft(letter: Letter, now: datetime) -> Draft:
    """The event of the state the letter has just reached at `now`."""
    payload = {
        "case": letter.case,
        "unit": letter.unit,
        "unit_name": letter.unit_name,
        "state": letter.state,
        "letter_number": letter.number,
        "breach": {"kind": letter.kind, "gen": letter.gen, "due": letter.due, "breached_at": letter.breached_at},
        "at": now,
    }
    if letter.state == "voided":
        payload |= {"cause": letter.cause, "reason": letter.reason}
    return _LETTER[letter.state].draft(
        letter.id, letter.version, payload, restricted=letter.restricted, partitionkey=letter.case
    )


def message_draft(
    waiting: Waiting, sms: str | None, gateway: str | None, now: datetime, *, failed_because: str | None = None
) -> Draft:
    """`message.delivered`, or `message.failed` with its reason: the only event a message ever has."""
    message = waiting.message
    payload = {
        "case": message.case,
        "template": message.template,
        "audience": message.audience,
        "recipient": None if message.recipient == RESIDENT else message.recipient,
        "sms": sms,
        "gateway": gateway,
        "at": now,
    }
    type_ = events.DELIVERED
    if failed_because:
        type_, payload = events.FAILED, payload | {"reason": failed_because}
    return type_.draft(waiting.id, 1, payload, restricted=waiting.restricted, partitionkey=message.case)
