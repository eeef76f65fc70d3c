"""A message: what one recipient is told because of one event. Its states, and when it is not worth sending any more."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.notify.domain.case import Case
from services.notify.domain.letter import State as LetterState
from services.notify.domain.template import TEMPLATES
from services.notify.errors import IllegalTransition


class State(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    HELD = "held"  # nobody can tell whether it was delivered: a person decides
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


TRANSITIONS: Mapping[State, Mapping[str, State]] = {
    State.PENDING: {"claim": State.CLAIMED, "skip": State.SKIPPED},
    State.CLAIMED: {
        "deliver": State.SENT,
        "refuse": State.FAILED,
        "release": State.PENDING,
        "hold": State.HELD,
    },
    State.HELD: {"send": State.PENDING, "drop": State.FAILED},
    State.SENT: {},
    State.FAILED: {},
    State.SKIPPED: {},
}
_NAMESPACE = uuid.UUID("6f1f9f0e-3d0c-5b8e-9a55-5a0a8f2f7c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Key (case, event, recipient). `event` is the cause as type/seq; `recipient` is `resident` or a post, `C07/head`.

    `recorded_at` is the time of that event. All times are aware UTC.
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
        """Derived from the key, so planning it twice gives the same message."""
        return str(uuid.uuid5(_NAMESPACE, f"{self.case} {self.event} {self.recipient}"))


def require_legal(state: State, command: str) -> None:
    """Raises IllegalTransition unless `command` may be given to a message in `state`."""
    if command not in TRANSITIONS[state]:
        raise IllegalTransition(state=state, legal=list(TRANSITIONS[state]))


def _closed(message: Message, case: Case, letter_state: LetterState | None) -> bool:
    return len(case.closings) >= case.passes_by(message.seq)


def _reopened(message: Message, case: Case, letter_state: LetterState | None) -> bool:
    return case.passes > sum(closing.seq <= message.seq for closing in case.closings)


def _withdrawn(message: Message, case: Case, letter_state: LetterState | None) -> bool:
    return case.withdrawal is not None


def _stopped(message: Message, case: Case, letter_state: LetterState | None) -> bool:
    return any(stop.seq > message.seq for stop in case.stops)


def _marked_otherwise(message: Message, case: Case, letter_state: LetterState | None) -> bool:
    return any(mark.seq > message.seq and mark.mark != message.template for mark in case.marks)


def _retracted(message: Message, case: Case, letter_state: LetterState | None) -> bool:
    return any((breach.retracted_seq or 0) > message.seq for breach in case.breaches)


def _letter_answered(message: Message, case: Case, letter_state: LetterState | None) -> bool:
    return letter_state in (LetterState.ACKNOWLEDGED, LetterState.VOIDED)


CONDITIONS: Mapping[str, Callable[[Message, Case, LetterState | None], bool]] = {
    "closed": _closed,
    "reopened": _reopened,
    "withdrawn": _withdrawn,
    "stopped": _stopped,
    "marked_otherwise": _marked_otherwise,
    "retracted": _retracted,
    "letter_answered": _letter_answered,
}


def why_skip(
    message: Message, case: Case, letter_state: LetterState | None, now: datetime, ordered: bool = False
) -> str | None:
    """Why not to send `message` at `now`: `superseded` or `stale`; None to send it (design rule 9).

    `ordered`: a person asked for it, so it may be old, but it must still be true.
    """
    if any(CONDITIONS[name](message, case, letter_state) for name in TEMPLATES[message.template].superseded_by):
        return "superseded"
    if message.useful_until is not None and message.useful_until <= now and not ordered:
        return "stale"
    return None
