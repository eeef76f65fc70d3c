"""Gathering: to one member of staff at most one SMS per window, the first at once, the rest together at its end.

Two posts held by one person share a telephone, so the telephone is what a window belongs to. Residents' messages
are never gathered.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


def opened_before(window: timedelta, now: datetime) -> datetime:
    """A telephone whose last SMS went out at this moment or earlier may get another at `now`."""
    return now - window


def gather(waiting: Iterable[tuple[str, T]]) -> Mapping[str, Sequence[T]]:
    """What waits for each telephone, in the order in which it came."""
    together: dict[str, list[T]] = {}
    for telephone, item in waiting:
        together.setdefault(telephone, []).append(item)
    return together
