"""Gathering: to one member of staff at most one SMS per window, the first at once, the rest together at its end.

Two posts held by one person share a telephone, so the telephone is what a window belongs to. Residents' messages
are never gathered.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


def is_open(last_sent: datetime | None, window: timedelta, now: datetime) -> bool:
    """True if a telephone that last got an SMS at `last_sent` may get another at `now`."""
    return last_sent is None or last_sent + window <= now


def gather(waiting: Iterable[tuple[str, T]]) -> Mapping[str, Sequence[T]]:
    """What waits for each telephone, in the order in which it came."""
    together: dict[str, list[T]] = {}
    for telephone, item in waiting:
        together.setdefault(telephone, []).append(item)
    return together
