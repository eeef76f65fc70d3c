"""What notify knows of a case: the facts of each source kept apart, so that their interleaving cannot matter.

Every value here is a fact from one source's events, in that source's order. Nothing a person wrote, and nothing that
identifies the resident, is stored here. All times are aware UTC.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """From intake: `case.submitted`. `recorded_at` is the event's time."""

    seq: int
    recorded_at: datetime
    identity: str
    imported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """From dispatch: one `case.closed`; `at` is when the review passed."""

    seq: int
    recorded_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The one `case.withdrawn` a case may have: from intake before acceptance, from dispatch after."""

    seq: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """From sla: one `clock.started` of (kind, gen)."""

    seq: int
    recorded_at: datetime
    kind: str
    gen: int
    started_at: datetime
    warn_at: datetime
    due: datetime
    unit: str
    unit_name: str
    silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """From sla: one `case.marked`."""

    seq: int
    recorded_at: datetime
    mark: str
    reason: str
    silent: bool
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """From sla: one `clock.breached` of (kind, gen); `retracted` once the close turned out to be in time."""

    kind: str
    gen: int
    started_at: datetime
    due: datetime
    breached_at: datetime
    letter_after: timedelta
    silent: bool
    unit: str
    unit_name: str
    complexity: str
    retracted_seq: int | None = None

    @property
    def retracted(self) -> bool:
        return self.retracted_seq is not None

    @property
    def letter_due(self) -> datetime:
        """When a warning letter is proposed for this breach."""
        return self.due + self.letter_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """From sla: one `clock.changed` to stopped of (kind, gen), because the case was withdrawn or merged at `at`."""

    seq: int
    kind: str
    gen: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that is known of one case, keyed by its number."""

    number: str
    submission: Submission | None = None
    closings: tuple[Closing, ...] = ()
    withdrawal: Withdrawal | None = None
    clocks: tuple[Clock, ...] = ()
    stops: tuple[Stop, ...] = ()
    marks: tuple[Mark, ...] = ()
    breaches: tuple[Breach, ...] = ()
    restricted_by: frozenset[str] = field(default_factory=frozenset)

    @property
    def restricted(self) -> bool:
        """True if any source says that the case is hidden from the unit it is about."""
        return bool(self.restricted_by)

    def passes_by(self, seq: int) -> int:
        """How often the case had been dispatched when sla published its event `seq`; at least once.

        Counted rather than compared by time, because the clock that dates a dispatch or a close may be set back.
        If the first clock is of a later gen, there was a pass without a clock: merged before it was dispatched.
        """
        closing = [clock for clock in self.clocks if clock.kind == "close" and clock.seq <= seq]
        unclocked = bool(closing) and closing[0].gen > 1
        return max(1, unclocked + len({clock.started_at for clock in closing}))

    @property
    def passes(self) -> int:
        """How often the case has been dispatched, as far as is known."""
        return self.passes_by(max((clock.seq for clock in self.clocks), default=0))

    def with_restriction(self, source: str, restricted: bool) -> "Case":
        """The case with what one source last said about whether it is restricted."""
        others = self.restricted_by - {source}
        return replace(self, restricted_by=others | {source} if restricted else others)

    def retract(self, kind: str, gen: int, seq: int) -> "Case":
        """The case with the breach of (kind, gen) retracted; without such a breach nothing changes."""
        changed = tuple(
            replace(breach, retracted_seq=seq) if (breach.kind, breach.gen) == (kind, gen) else breach
            for breach in self.breaches
        )
        return replace(self, breaches=changed)


def nearest_before(clocks: Iterable[Clock], moment: datetime, point: str) -> Clock | None:
    """The clock whose `point` ("warn_at" or "due") passed last before `moment`: the one that changed the mark.

    Of two that passed together it is the closing clock, since a letter may follow from that one.
    """
    passed = [clock for clock in clocks if getattr(clock, point) <= moment]
    return max(passed, key=lambda clock: (getattr(clock, point), clock.kind == "close"), default=None)
