"""A clock: one time limit running on one case, as a value, and the steps it may take.

Here and in the claim (`services/sla/store/claim.py`) the same holds: never early; yellow before red; each at most once
per gen; a deadline never moves. Times are UTC. No function asks what time it is: the claim fires a clock once its time
has come by the database, and `services/sla/domain/course.py` does where a recorded fact proves that it had come.
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
    STOPPED = "stopped"  # over: what it waited for is no longer awaited


RUNNING = (Status.ARMED, Status.WARNED, Status.BREACHED)


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

    `warned_at` and `breached_at` are when yellow and red came by the clock, not when they were noticed, so they are the
    same however late the events were read. `retracted`: the breach does not stand. `resumed_at`: when a reply was last
    sent back, which let the clock run on. `letter_after` is in seconds.
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
        """Its time is running, within the limit or past it."""
        return self.status in RUNNING

    @property
    def next_at(self) -> datetime | None:
        """When the claim has to look at this clock next; None if nothing is left to fire."""
        if self.held:
            return None
        return {Status.ARMED: self.warn_at, Status.WARNED: self.due}.get(self.status)


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of a clock: the clock after it, and when it happened."""

    turn: Turn
    clock: Clock
    at: datetime


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
    """Yellow: it came at `warn_at`, or when a send-back resumed a clock already past that."""
    return replace(clock, status=Status.WARNED, warned_at=max(clock.warn_at, clock.resumed_at or clock.warn_at))


def breach(clock: Clock) -> Clock:
    """Red: it came at `due`, or when a send-back resumed a clock already past that."""
    return replace(clock, status=Status.BREACHED, breached_at=max(clock.due, clock.resumed_at or clock.due))


def retract(clock: Clock) -> Clock:
    """The breach does not stand: what the clock waited for had been done in time, and the event arrived late."""
    return replace(clock, retracted=True)


def mute(clock: Clock, at: datetime) -> Clock:
    """The reply was given: the clock stands still; its deadline and gen stay (design section 5)."""
    return replace(clock, status=Status.MUTED, muted_at=at)


def unmute(clock: Clock, at: datetime) -> Clock:
    """The reply was sent back: the clock runs on toward the same deadline; past it, the claim breaches it at once."""
    resumed = replace(clock, muted_at=None, resumed_at=at)
    if clock.breached_at is not None:
        answered_in_time = clock.muted_at is not None and clock.muted_at <= clock.due
        return breach(resumed) if answered_in_time else replace(resumed, status=Status.BREACHED)
    return replace(resumed, status=Status.ARMED if clock.warned_at is None else Status.WARNED)


def meet(clock: Clock, at: datetime) -> Clock:
    """What the clock waited for was done; late if `met_at` is after `due`."""
    return replace(clock, status=Status.MET, met_at=at, held=False)


def stop(clock: Clock, at: datetime) -> Clock:
    """What the clock waited for is no longer awaited: the case was withdrawn, or merged into another."""
    return replace(clock, status=Status.STOPPED, stopped_at=at, held=False)
