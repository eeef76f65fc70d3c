"""How much time a case has left and which mark it bears, as sla last said. Only sla calculates; this is its copy."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

MARKS = ("none", "green", "yellow", "red")
RUNNING = frozenset({"armed", "warned", "breached"})  # time counts, within the limit or past it


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of a case: its generation, its status, and when its limit ends (aware UTC)."""

    gen: int
    status: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The mark of a case and its clocks by kind (accept, dispatch, contact, close)."""

    number: str
    mark: str = "none"
    clocks: Mapping[str, Deadline] = field(default_factory=dict)

    @property
    def close_due(self) -> datetime | None:
        """What the resident is promised; None before the dispatch and once nothing more is due."""
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


def after_event(deadlines: Deadlines, data: Mapping[str, Any]) -> Deadlines:
    """The deadlines after an event of sla. Each carries the case's mark; an event about a clock carries the clock too.

    A clock of an older generation than the one known changes nothing.
    """
    deadlines = replace(deadlines, mark=data["mark"])
    kind = data.get("kind")
    known = deadlines.clocks.get(kind) if kind else None
    if kind is None or (known and known.gen > data["gen"]):
        return deadlines
    return replace(deadlines, clocks={**deadlines.clocks, kind: Deadline(data["gen"], data["status"], data["due"])})
