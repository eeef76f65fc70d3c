"""What the facts of a case say about one of its clocks, and the steps that bring the clock there."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.sla.domain.clock import Clock, Status, Step, Turn, breach, meet, mute, retract, start, stop, unmute, warn
from services.sla.domain.limit import Limit


@dataclass(frozen=True, slots=True)
class Course:
    """What the facts of a case say about one of its clocks.

    `ended_at`: when what the clock waits for was done. `muted_at`: when the reply under review was given. `resumed_at`:
    when a reply was last sent back. `stopped_at`: when the case was withdrawn or merged into another. `held`: its end
    has come, at a time not known yet. A higher `gen` is a new clock.
    """

    started_at: datetime
    gen: int = 1
    ended_at: datetime | None = None
    muted_at: datetime | None = None
    resumed_at: datetime | None = None
    stopped_at: datetime | None = None
    held: bool = False

    @property
    def done_at(self) -> datetime | None:
        """When it was done while still awaited; what a merged case receives with its main case comes after that."""
        late = self.ended_at is not None and self.stopped_at is not None and self.ended_at > self.stopped_at
        return None if late else self.ended_at

    @property
    def is_over(self) -> bool:
        """Done, or no longer awaited; what is held may yet turn out to have been done before."""
        return self.done_at is not None or (self.stopped_at is not None and not self.held)


def follow(clock: Clock | None, limit: Limit, course: Course, horizon: datetime | None) -> tuple[Clock, list[Step]]:
    """Brings a clock to where the facts say it stands; None is one that has not started.

    For an imported case, yellow and red due by `horizon`, the moment of the import, come here and not by the claim.
    Returns the clock and its steps in order; the same facts again give none.
    """
    steps: list[Step] = []
    if clock is None or clock.gen < course.gen:
        clock = start(limit, course.started_at, course.gen)
        steps.append(Step(Turn.STARTED, clock, clock.started_at))
    if clock.is_over:
        return clock, steps
    clock = replace(clock, held=course.held)
    if clock.status is Status.MUTED and course.muted_at is None and not course.is_over:
        clock = unmute(clock, course.resumed_at or clock.due)
    if missed := _proven_by_facts(clock, course) or _due_before_import(clock, course, horizon):
        steps += missed
        clock = missed[-1].clock
    if course.is_over:
        clock, ending = _end(clock, course)
        steps += ending
    elif course.muted_at is not None and clock.status is not Status.MUTED:
        clock = mute(clock, course.muted_at)
    return clock, steps


def _proven_by_facts(clock: Clock, course: Course) -> list[Step]:
    """A limit that had passed by the time the facts give was breached, even if the claim never saw the clock run."""
    stopped_at = course.stopped_at if course.is_over and clock.status is not Status.MUTED else None
    proven = course.done_at or course.muted_at or stopped_at
    return _fire(clock, red=True) if proven is not None and proven > clock.due else []


def _due_before_import(clock: Clock, course: Course, horizon: datetime | None) -> list[Step]:
    if horizon is None or course.held or course.is_over or course.muted_at is not None:
        return []
    if clock.warn_at > horizon:
        return []
    return _fire(clock, red=clock.due <= horizon)


def _fire(clock: Clock, red: bool) -> list[Step]:
    """The steps still missing up to yellow or red, in that order."""
    steps: list[Step] = []
    if clock.warned_at is None:
        clock = warn(clock)
        steps.append(Step(Turn.WARNED, clock, clock.warned_at or clock.warn_at))
    if red and clock.breached_at is None:
        clock = breach(clock)
        steps.append(Step(Turn.BREACHED, clock, clock.breached_at or clock.due))
    return steps


def _end(clock: Clock, course: Course) -> tuple[Clock, list[Step]]:
    """Met or stopped; either way a breach does not stand if the time had ceased to run by the deadline."""
    at = course.done_at or course.stopped_at or clock.due
    spent_until = clock.muted_at or at if course.done_at is None else at
    steps: list[Step] = []
    if clock.breached_at is not None and spent_until <= clock.due:
        clock = retract(clock)
        steps.append(Step(Turn.RETRACTED, clock, at))
    clock = stop(clock, at) if course.done_at is None else meet(clock, at)
    return clock, [*steps, Step(Turn.CHANGED if course.done_at is None else Turn.MET, clock, at)]
