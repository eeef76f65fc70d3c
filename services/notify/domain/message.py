"""A message: one thing one recipient is told because of one event; its states, and when sending it is too late."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.domain.case import Case
from services.notify.domain.template import TEMPLATES

TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    "pending": {"claim": "claimed", "skip": "skipped"},
    "claimed": {"deliver": "sent", "refuse": "failed", "release": "pending", "hold": "held"},
    # What happened to a held message only a person can find out.
    "held": {"send": "pending", "drop": "failed"},
    "sent": {},
    "failed": {},
    "skipped": {},
}
LONGEST = timedelta(seconds=60)
"""Longest wait between two tries of anything."""
_NAMESPACE = uuid.UUID("6f1f9f0e-3d0c-5b8e-9a55-5a0a8f2f7c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Key (case, event, recipient). `event` is type/seq of the cause, `recipient` `resident` or a post as `C07/head`.

    `recorded_at` is the cause's time.
    """

    case: str
    event: str
    seq: int
    template: str
    audience: str
    recipient: str
    params: Mapping[str, str]
    recorded_at: datetime
    useful_until: datetime | None

    @property
    def id(self) -> str:
        """The same for the same key, so that a plan made twice names the same message."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.case} {self.event} {self.recipient}"))


def _closed(message: Message, case: Case, letter_state: str | None) -> bool:
    return len(case.closings) >= case.passes_by(message.seq)


def _reopened(message: Message, case: Case, letter_state: str | None) -> bool:
    return case.passes > sum(closing.seq <= message.seq for closing in case.closings)


def _withdrawn(message: Message, case: Case, letter_state: str | None) -> bool:
    return case.withdrawal is not None


def _stopped(message: Message, case: Case, letter_state: str | None) -> bool:
    return any(stop.seq > message.seq for stop in case.stops)


def _marked_otherwise(message: Message, case: Case, letter_state: str | None) -> bool:
    return any(mark.seq > message.seq and mark.mark != message.template for mark in case.marks)


def _retracted(message: Message, case: Case, letter_state: str | None) -> bool:
    return any((breach.retracted_seq or 0) > message.seq for breach in case.breaches)


def _letter_answered(message: Message, case: Case, letter_state: str | None) -> bool:
    return letter_state in ("acknowledged", "voided")


CONDITIONS: Mapping[str, Callable[[Message, Case, str | None], bool]] = {
    "closed": _closed,
    "reopened": _reopened,
    "withdrawn": _withdrawn,
    "stopped": _stopped,
    "marked_otherwise": _marked_otherwise,
    "retracted": _retracted,
    "letter_answered": _letter_answered,
}


def why_skip(
    message: Message, case: Case, letter_state: str | None, now: datetime, ordered: bool = False
) -> str | None:
    """The reason not to send `message` at `now`: `superseded`, `stale`, or None to send it (design rule 9).

    `ordered`: a person asked for it, so age is no reason; being untrue still is.
    """
    if any(CONDITIONS[name](message, case, letter_state) for name in TEMPLATES[message.template].superseded_by):
        return "superseded"
    if message.useful_until is not None and message.useful_until <= now and not ordered:
        return "stale"
    return None


def after_unknown(taken: bool | None, *, can_look_up: bool, remembers_keys: bool, attempt: int, most: int) -> str:
    """What becomes of an SMS whose fate is unknown: `sent`, `again` with the same key, `wait`, or `held` for a person.

    `taken` is the gateway's word on the key, None if it cannot say. Sending again is only right at a gateway that
    remembers keys: elsewhere the first request may still be on its way. After `most` attempts a person decides.
    """
    if taken:
        return "sent"
    if attempt >= most:
        return "held"
    if taken is None and can_look_up:
        return "wait"
    return "again" if remembers_keys else "held"


def back_off(attempt: int, chance: float, longest: timedelta = LONGEST) -> timedelta:
    """The wait after `attempt` tries: 1 s doubling up to `longest`, of which `chance` in [0, 1) takes up to half."""
    whole = min(timedelta(seconds=2 ** min(attempt - 1, 10)), longest)
    return whole * (0.5 + chance / 2)
