"""What happened when, by the clock on the wall: databases' clocks are moved in a run, and faults last a while.

A moment of a service's database is `real + shift`; `shifts` say from when on which shift held.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from chassis import failpoints
from referee.invariants.evidence import Evidence, Fault, Hit, Shift
from services import SERVICES

BEGINNING, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
FLOORS = {"service": 10.0, "postgres": 30.0, "broker": 30.0, "outside": 5.0}
"""Seconds after a fault in which what stands on its target must work again (design section 7)."""
ACTS = {"kill": 0.0, "raise": 0.0, "delay": failpoints.DELAY_SECONDS, "hang": failpoints.HANG_SECONDS}
"""How long a failpoint's action lasts."""
CATCH_UP = 5.0


class Window(NamedTuple):
    """A fault from its beginning to its end; `of` is service, postgres, broker or outside."""

    begin: datetime
    end: datetime
    fault: str
    target: str
    of: str
    is_kill: bool

    @property
    def healed_by(self) -> datetime:
        """When nothing of it may be felt any more."""
        return self.end + timedelta(seconds=FLOORS[self.of] + CATCH_UP)


def class_of(target: str) -> str:
    """What a fault's target is: `sla-worker` is a service, `sla-broker` a way to the broker."""
    for name in ("postgres", "broker"):
        if name in target:
            return name
    return "service" if target.startswith(SERVICES) else "outside"


def windows(evidence: Evidence) -> list[Window]:
    """All faults, failpoints that fired and moves of a clock, in order of their beginning."""
    found = [*_of_faults(evidence.faults), *map(_of_hit, evidence.hits), *map(_of_shift, evidence.shifts)]
    return sorted(found)


def _of_faults(faults: Iterable[Fault]) -> Iterator[Window]:
    begun: dict[tuple[str, str, str], list[Fault]] = {}
    for each in sorted(faults):
        about = (each.fault, each.name, each.target)
        if each.what == "begin":
            begun.setdefault(about, []).append(each)
        elif begun.get(about):
            yield _window(begun[about].pop(0), each.at)
    for open_ones in begun.values():
        yield from (_window(each, END) for each in open_ones)


def _window(begin: Fault, end: datetime) -> Window:
    of = "outside" if begin.fault == "F12" and "kill" not in begin.name else class_of(begin.target)
    return Window(begin.at, end, begin.fault, begin.target, of, "killed" in begin.name)


def _of_hit(hit: Hit) -> Window:
    end = hit.at + timedelta(seconds=ACTS[hit.action])
    return Window(hit.at, end, hit.failpoint, hit.process, "service", hit.action == "kill")


def _of_shift(shift: Shift) -> Window:
    return Window(shift.at, shift.at, "F6", f"clock of {shift.service}", "service", False)


def _spans(shifts: Iterable[Shift], service: str) -> list[tuple[datetime, datetime, timedelta]]:
    """When which shift held, in order: from, to, shift."""
    moves = [(BEGINNING, 0.0), *sorted((each.at, each.seconds) for each in shifts if each.service == service)]
    ends = [at for at, _ in moves[1:]] + [END]
    return [(at, end, timedelta(seconds=s)) for (at, s), end in zip(moves, ends, strict=True)]


def shift_at(shifts: Iterable[Shift], service: str, at: datetime) -> timedelta:
    """How far the service's clock was ahead at a real moment."""
    return next(shift for begin, end, shift in _spans(shifts, service) if begin <= at < end)


def real(shifts: Iterable[Shift], service: str, moment: datetime, known_by: datetime = END) -> datetime:
    """The wall's time at which the service's clock showed `moment`, the last such time not after `known_by`."""
    slack = timedelta(seconds=1)  # a move is written down a little after it was made
    found = [at for at in reals(shifts, service, moment) if at <= known_by + slack]
    return found[-1] if found else moment - shift_at(shifts, service, min(known_by, END - slack))


def reals(shifts: Iterable[Shift], service: str, moment: datetime) -> list[datetime]:
    """Every time at which the service's clock showed `moment`: several when it was set back."""
    slack = timedelta(seconds=1)
    spans = _spans(shifts, service)
    return sorted(moment - shift for begin, end, shift in spans if begin - slack <= moment - shift < end + slack)


def due_since(shifts: Iterable[Shift], service: str, moment: datetime, by: datetime) -> datetime:
    """Since when, at `by`, the service's clock has stood at `moment` or beyond without going back before it."""
    since: datetime | None = None
    for begin, end, shift in _spans(shifts, service):
        if begin > by:
            break
        arrived = max(begin, moment - shift)
        if arrived >= end:
            since = None
        elif since is None or arrived > begin:
            since = arrived
    return min(since or by, by)


def healed_after(spans: Iterable[tuple[datetime, datetime]], begin: datetime, patience: timedelta) -> datetime:
    """Until when something that should happen at `begin` may take: each fault in that time prolongs it."""
    until = begin + patience
    for since, healed in sorted(spans):
        if since <= until and healed >= begin:
            until = max(until, healed)
    return until
