"""How much time a case has left and which mark it bears, as sla told last. Nothing here reckons: sla alone does."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

MARKS = ("none", "green", "yellow", "red")
RUNNING = frozenset({"armed", "warned", "breached"})  # the limit is being used up, in it or past it


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of a case: its generation, how it stands, and when its limit ends (aware UTC)."""

    gen: int
    status: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """The mark of a case and its clocks by kind (accept, dispatch, contact, close)."""

    number: str
    mark: str = "none"
    clocks: Mapping[str, Deadline] = field(default_factory=dict)

    @property
    def close_due(self) -> datetime | None:
        """What the resident is promised; None before the dispatch and once nothing is awaited."""
        clock = self.clocks.get("close")
        return clock.due if clock and clock.status != "stopped" else None

    @property
    def next_kind(self) -> str | None:
        """The running clock whose limit ends first, or ended longest ago."""
        running = [(clock.due, kind) for kind, clock in self.clocks.items() if clock.status in RUNNING]
        return min(running)[1] if running else None

    @property
    def next_due(self) -> datetime | None:
        """When the limit of `next_kind` ends."""
        return self.clocks[self.next_kind].due if self.next_kind else None


def hear(standing: Standing, told: Mapping[str, Any]) -> Standing:
    """The standing after an event of sla; each carries the case's mark, those of a clock the clock too.

    A clock of an older generation than the one known changes nothing.
    """
    standing = replace(standing, mark=told["mark"])
    kind = told.get("kind")
    known = standing.clocks.get(kind) if kind else None
    if kind is None or (known and known.gen > told["gen"]):
        return standing
    return replace(standing, clocks={**standing.clocks, kind: Deadline(told["gen"], told["status"], told["due"])})
