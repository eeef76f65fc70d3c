"""How often one address may try something: a count in a window that starts with the first try."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries within `window`."""

    most: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Tally:
    """Tries counted so far; the count is void from `until` (UTC) on."""

    count: int
    until: datetime


def wait(limit: Limit, tally: Tally | None, now: datetime) -> int:
    """Seconds until another try is allowed; 0 when it is allowed now."""
    if tally is None or tally.until <= now or tally.count < limit.most:
        return 0
    return math.ceil((tally.until - now).total_seconds())
