"""One SMS on its way: the messages it carries, and what the gateway's answer means for them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notify.commands import pending
from services.notify.domain.gateway import Answer, Fate
from services.notify.domain.template import RESIDENT
from services.notify.store.messages import StoredMessage
from services.notify.store.outcomes import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One claimed SMS. `contact` holds the telephone number and is never stored."""

    id: str
    attempt: int
    contact: Mapping[str, str]
    carried: tuple[StoredMessage, ...]

    @property
    def audience(self) -> str:
        return self.carried[0].message.audience

    @property
    def to_staff(self) -> bool:
        return self.audience != RESIDENT


def new_sms(contact: Mapping[str, str], carried: Sequence[StoredMessage]) -> Sms:
    """An SMS that no gateway has seen yet."""
    return Sms(id=str(uuid.uuid4()), attempt=1, contact=contact, carried=tuple(carried))


def outcome_of(sms: Sms, answer: Answer, now: datetime) -> Outcome | None:
    """What the answer to the first attempt settles; an unknown fate settles nothing."""
    if answer.fate is Fate.SENT:
        return Outcome(sms=sms.id, attempt=sms.attempt, command="deliver")
    if answer.fate is Fate.REFUSED:
        return Outcome(sms=sms.id, attempt=sms.attempt, command="refuse", reason=answer.reason)
    if answer.fate is Fate.BUSY:
        tries = max(stored.attempts for stored in sms.carried) + sms.to_staff
        next_try = now + pending.wait(tries)
        return Outcome(sms=sms.id, attempt=sms.attempt, command="release", reason=answer.reason, next_try=next_try)
    return None
