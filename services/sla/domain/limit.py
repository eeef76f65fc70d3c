"""Time limits: rule data with a version. A running clock keeps the rule it was started under."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What a clock watches. Order is the order of a case's life."""

    ACCEPT = "accept"
    DISPATCH = "dispatch"
    CONTACT = "contact"
    CLOSE = "close"


class Complexity(StrEnum):
    SIMPLE = "simple"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True)
class Limit:
    """One rule: how long, and from which share of the time left the case is yellow.

    `clock_kind` is `calendar_hours` for every mailbox limit: 7 days by 24 hours by the wall clock, the
    strictest reading of "24小时" (I-6). `letter_after` is how long after the breach the warning letter is proposed.
    """

    name: str
    version: int
    kind: Kind
    complexity: Complexity | None
    limit: timedelta
    warn_percent_left: int = 25
    clock_kind: str = "calendar_hours"
    letter_after: timedelta = timedelta(0)

    def due(self, started_at: datetime) -> datetime:
        """The moment the limit ends, in the time zone of `started_at` (UTC inside)."""
        return started_at + self.limit

    def warn_at(self, started_at: datetime) -> datetime:
        """The moment only `warn_percent_left` of the limit is left (I-8)."""
        return started_at + self.limit * (100 - self.warn_percent_left) / 100


LIMITS = (
    Limit("accept", 1, Kind.ACCEPT, None, timedelta(hours=1)),
    Limit("dispatch", 1, Kind.DISPATCH, None, timedelta(hours=2)),
    Limit("contact", 1, Kind.CONTACT, None, timedelta(hours=24)),
    Limit("close-simple", 1, Kind.CLOSE, Complexity.SIMPLE, timedelta(hours=24)),
    Limit("close-complex", 1, Kind.CLOSE, Complexity.COMPLEX, timedelta(hours=72)),
)


def limit_for(kind: Kind, complexity: Complexity | None) -> Limit:
    """The newest rule for a kind of clock; an unknown complexity counts as simple, the stricter promise (I-5)."""
    wanted = (complexity or Complexity.SIMPLE, None)
    return max(
        (limit for limit in LIMITS if limit.kind is kind and limit.complexity in wanted),
        key=lambda limit: limit.version,
    )
