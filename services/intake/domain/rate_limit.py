"""How often one address may try something: a count within a window that starts at the first try."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `most` tries within `window`."""

    most: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Tally:
    """Tries counted so far; the count expires at `until` (UTC)."""

    count: int
    until: datetime


def seconds_to_wait(limit: RateLimit, tally: Tally | None, now: datetime) -> int:
    """Seconds until another try is allowed; 0 when it is allowed now."""
    if tally is None or tally.until <= now or tally.count < limit.most:
        return 0
    if tally.until > now + limit.window:  # counted by a clock that has been set back since
        return 0
    return math.ceil((tally.until - now).total_seconds())
