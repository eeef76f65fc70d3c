"""The port through which SMS leave, and what its answers mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Fate(StrEnum):
    """What is known of an SMS after the call.

    sent: the gateway took it · refused: it never will · busy: it certainly did not, but may later ·
    unknown: it may have taken it or not.
    """

    SENT = "sent"
    REFUSED = "refused"
    BUSY = "busy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """The gateway's answer; `reason` is a stable code without personal data, empty when sent."""

    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Outgoing:
    """One SMS to send: `key` is its idempotency key, `to` a telephone number, which repr() never shows."""

    key: str
    to: str
    text: str
    at: datetime
    messages: tuple[str, ...]


class Gateway(Protocol):
    """`remembers_keys`: a key sent twice is delivered once. `can_look_up`: the gateway can be asked about a key."""

    @property
    def name(self) -> str: ...

    @property
    def remembers_keys(self) -> bool: ...

    @property
    def can_look_up(self) -> bool: ...

    def send(self, batch: Sequence[Outgoing]) -> list[Answer]:
        """Hands over each SMS and returns one answer for each, in order. Never raises; returns within a deadline."""

    def lookup(self, key: str) -> bool | None:
        """Whether the gateway took the SMS with `key`; None if it cannot tell now."""
