"""A clock: one time limit running on one case, as a value and the pure functions that move it.

The commands and the claim (store.py) share these rules: never early; yellow before red; each at most once
for a gen; a deadline never moves. Times are UTC. Nothing here asks what time it is: a stage is fired by the
claim when the database's clock has passed it, or here when a recorded fact proves that it passed.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.sla.domain.limit import Kind, Limit


class Status(StrEnum):
    ARMED = "armed"  # running; the claim moves it on at warn_at
    WARNED = "warned"  # running, yellow; the claim moves it on at due
    BREACHED = "breached"  # running, red; only meeting it ends it
    MUTED = "muted"  # a reply waits for review; sending it back lets the clock run on
    MET = "met"  # over
    STOPPED = "stopped"  # over: what it waited for is waited for no longer


class Turn(StrEnum):
    """What happened to a clock; also the second half of the event's type (`clock.warned`)."""

    STARTED = "started"
    WARNED = "warned"
    BREACHED = "breached"
    RETRACTED = "retracted"
    MET = "met"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Clock:
    """`held` keeps a clock from firing while its end is known to have come, but not when.

    `warned_at` and `breached_at` are when yellow and red came by the clock, not when they were noticed: they are the
    same however late the events were read. `retracted`: the breach does not stand. `resumed_at` is when the last
    send-back let the clock run on.
    """

    kind: Kind
    gen: int
    rule: str
    rule_version: int
    started_at: datetime
    warn_at: datetime
    due: datetime
    letter_after: int = 0
    status: Status = Status.ARMED
    held: bool = False
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    retracted: bool = False
    muted_at: datetime | None = None
    resumed_at: datetime | None = None
    met_at: datetime | None = None
    stopped_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.status in (Status.MET, Status.STOPPED)

    @property
    def is_running(self) -> bool:
        """Its time is being used up, in or past the limit."""
        return self.status in (Status.ARMED, Status.WARNED, Status.BREACHED)

    @property
    def next_at(self) -> datetime | None:
        """When the claim has to look at this clock next; None if nothing is to come."""
        if self.held:
            return None
        return {Status.ARMED: self.warn_at, Status.WARNED: self.due}.get(self.status)


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of a clock: the clock after it, and when it happened (`at`)."""

    turn: Turn
    clock: Clock
    at: datetime


@dataclass(frozen=True, slots=True)
class Course:
    """What the facts of a case say about one of its clocks.

    `ended_at`: when what it waits for was done. `muted_at`: the reply under review. `resumed_at`: the last send-back.
    `stopped_at`: when the case was withdrawn or merged into another. A higher `gen` is a new clock.
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
        """When it was done while it was waited for: what a merged case is told with its main comes after that."""
        late = self.ended_at is not None and self.stopped_at is not None and self.ended_at > self.stopped_at
        return None if late else self.ended_at

    @property
    def is_over(self) -> bool:
        """Done, or waited for no longer; what is held may yet turn out to have been done before."""
        return self.done_at is not None or (self.stopped_at is not None and not self.held)


def start(limit: Limit, started_at: datetime, gen: int = 1) -> Clock:
    """A new clock under a rule; its deadline and its warning time are fixed from here on."""
    return Clock(
        kind=limit.kind,
        gen=gen,
        rule=limit.name,
        rule_version=limit.version,
        started_at=started_at,
        warn_at=limit.warn_at(started_at),
        due=limit.due(started_at),
        letter_after=int(limit.letter_after.total_seconds()),
    )


def warn(clock: Clock) -> Clock:
    """Yellow: came at `warn_at`, or when a send-back woke a clock already past it."""
    return replace(clock, status=Status.WARNED, warned_at=max(clock.warn_at, clock.resumed_at or clock.warn_at))


def breach(clock: Clock) -> Clock:
    """Red: came at `due`, or when a send-back woke a clock already past it."""
    return replace(clock, status=Status.BREACHED, breached_at=max(clock.due, clock.resumed_at or clock.due))


def retract(clock: Clock) -> Clock:
    """The breach did not happen: what the clock waited for had been done in time, and the news came late."""
    return replace(clock, retracted=True)


def mute(clock: Clock, at: datetime) -> Clock:
    """The reply is there: the clock stands still, its deadline and gen stay (design section 5)."""
    return replace(clock, status=Status.MUTED, muted_at=at)


def unmute(clock: Clock, at: datetime) -> Clock:
    """The reply was sent back: the clock runs on toward the same deadline; the claim breaches it at once if past."""
    awake = replace(clock, muted_at=None, resumed_at=at)
    if clock.breached_at is not None:
        answered_in_time = clock.muted_at is not None and clock.muted_at <= clock.due
        return breach(awake) if answered_in_time else replace(awake, status=Status.BREACHED)
    return replace(awake, status=Status.ARMED if clock.warned_at is None else Status.WARNED)


def meet(clock: Clock, at: datetime) -> Clock:
    """What the clock waited for is done; late when `met_at` is after `due`."""
    return replace(clock, status=Status.MET, met_at=at, held=False)


def stop(clock: Clock, at: datetime) -> Clock:
    """What the clock waited for is waited for no longer: the case was withdrawn, or merged into another."""
    return replace(clock, status=Status.STOPPED, stopped_at=at, held=False)


def follow(clock: Clock | None, limit: Limit, course: Course, horizon: datetime | None) -> tuple[Clock, list[Step]]:
    """Bring a clock to where the facts say it stands.

    Until `horizon`, the moment an imported case came in, yellow and red are taken as come without waiting for
    the claim. Returns the clock and its turns in order; the same facts again return no turn.
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
    for pace in (_catch_up_to_facts(clock, course), _catch_up_to_import(clock, course, horizon)):
        steps += pace
        clock = pace[-1].clock if pace else clock
    if course.is_over:
        clock, ending = _end(clock, course)
        steps += ending
    elif course.muted_at is not None and clock.status is not Status.MUTED:
        clock = mute(clock, course.muted_at)
    return clock, steps


def _catch_up_to_facts(clock: Clock, course: Course) -> list[Step]:
    """A limit that the facts show was passed was breached, even if the claim never saw the clock run."""
    stopped_at = course.stopped_at if course.is_over and clock.status is not Status.MUTED else None
    proven = course.done_at or course.muted_at or stopped_at
    return _fire(clock, red=True) if proven is not None and proven > clock.due else []


def _catch_up_to_import(clock: Clock, course: Course, horizon: datetime | None) -> list[Step]:
    if horizon is None or course.held or course.is_over or course.muted_at is not None:
        return []
    if clock.warn_at > horizon:
        return []
    return _fire(clock, red=clock.due <= horizon)


def _fire(clock: Clock, red: bool) -> list[Step]:
    """The turns still missing up to yellow or red, in that order."""
    steps: list[Step] = []
    if clock.warned_at is None:
        clock = warn(clock)
        steps.append(Step(Turn.WARNED, clock, clock.warned_at or clock.warn_at))
    if red and clock.breached_at is None:
        clock = breach(clock)
        steps.append(Step(Turn.BREACHED, clock, clock.breached_at or clock.due))
    return steps


def _end(clock: Clock, course: Course) -> tuple[Clock, list[Step]]:
    """Met, or stopped; either way a breach does not stand if the time was not being used up any more at its end."""
    at = course.done_at or course.stopped_at or clock.due
    spent_until = clock.muted_at or at if course.done_at is None else at
    steps: list[Step] = []
    if clock.breached_at is not None and spent_until <= clock.due:
        clock = retract(clock)
        steps.append(Step(Turn.RETRACTED, clock, at))
    clock = stop(clock, at) if course.done_at is None else meet(clock, at)
    return clock, [*steps, Step(Turn.CHANGED if course.done_at is None else Turn.MET, clock, at)]
