"""Gathering: a staff telephone gets at most one SMS per window, the first at once, the rest together at its end.

A window belongs to a telephone, since one person may hold two posts. Messages to residents are never gathered.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


def opened_before(window: timedelta, now: datetime) -> datetime:
    """A telephone whose window opened at this moment or earlier may get another SMS at `now`."""
    return now - window


def gather(waiting: Iterable[tuple[str, T]]) -> Mapping[str, Sequence[T]]:
    """The items of each telephone, in their order."""
    together: dict[str, list[T]] = {}
    for telephone, item in waiting:
        together.setdefault(telephone, []).append(item)
    return together
