"""A case with its clocks and its mark, which follow from the facts that intake and dispatch reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.sla.domain.clock import Clock, Step
from services.sla.domain.course import follow
from services.sla.domain.courses import courses
from services.sla.domain.facts import NOTHING, DispatchFacts, IntakeFacts
from services.sla.domain.limit import Kind, limit_for
from services.sla.domain.mark import Mark, Reason, judge, risk_mark, time_mark


@dataclass(frozen=True, slots=True)
class Case:
    """`version` counts the events published about the case; `mark` and `reason` are those last published.

    `past` holds the clocks that a new gen has just replaced, until what they fired is written.
    """

    number: str
    version: int = 0
    intake: IntakeFacts | None = None
    dispatch: DispatchFacts = NOTHING
    clocks: Mapping[Kind, Clock] = field(default_factory=dict)
    mark: Mark = Mark.NONE
    reason: Reason = Reason.NONE
    past: tuple[Clock, ...] = field(default=(), compare=False)

    @property
    def imported_at(self) -> datetime | None:
        """When the case was imported; what had come due by then is published once, silently."""
        return self.dispatch.imported_at or (self.intake.imported_at if self.intake else None)

    @property
    def risk(self) -> Mark:
        return risk_mark(
            emergency=self.intake is not None and self.intake.emergency,
            priority=self.dispatch.priority,
            sensitive=self.dispatch.sensitive,
        )

    @property
    def time(self) -> Mark:
        return time_mark(self.clocks.values())

    @property
    def nearest(self) -> Clock | None:
        """The running clock that ends first: the case's time left."""
        running = (clock for clock in self.clocks.values() if clock.is_running and not clock.held)
        return min(running, key=lambda clock: clock.due, default=None)

    @property
    def scopes(self) -> tuple[str, ...]:
        """Who may see the case: the lead unit; its helpers too, unless the letter is about a unit or its people."""
        dispatch = self.dispatch
        units = (dispatch.unit, *(() if dispatch.restricted else dispatch.helpers))
        return ("centre", "leader", "supervisor", *(f"unit:{unit}" for unit in units if unit))

    @property
    def is_closed(self) -> bool:
        return self.dispatch.closed_at is not None

    @property
    def is_watched(self) -> bool:
        """Neither refused nor withdrawn nor merged into another."""
        intake = self.intake
        left_intake = intake is not None and intake.accepted_at is None and (intake.refused_at or intake.withdrawn_at)
        return not left_intake and self.dispatch.stopped_at is None


@dataclass(frozen=True, slots=True)
class Marking:
    """A change of the mark, and what it was before."""

    previous: Mark


def with_intake(case: Case, facts: IntakeFacts) -> Case:
    """The case with intake's newest facts."""
    return replace(case, intake=facts.after(case.intake))


def with_dispatch(case: Case, facts: DispatchFacts) -> Case:
    """The case with dispatch's newest facts."""
    return replace(case, dispatch=facts.after(case.dispatch))


def settle(case: Case) -> tuple[Case, list[Step], Marking | None]:
    """The case with the clocks and the mark that its facts imply, the steps its clocks took, and the change of mark.

    The version rises by one for every step and for a change of mark.
    """
    clocks = dict(case.clocks)
    steps: list[Step] = []
    for kind, course in courses(case.intake, case.dispatch).items():
        limit = limit_for(kind, case.dispatch.complexity)
        clocks[kind], taken = follow(clocks.get(kind), limit, course, case.imported_at)
        steps += taken
    replaced = (clock for kind, clock in case.clocks.items() if clock.gen < clocks[kind].gen)
    case = replace(case, clocks=clocks, past=(*case.past, *replaced))
    return _with_mark(case, steps)


def _with_mark(case: Case, steps: list[Step]) -> tuple[Case, list[Step], Marking | None]:
    """The case with the mark that its clocks and risk imply, its version raised for the steps and the change."""
    mark, reason = judge(case.risk, case.time, closed=case.is_closed, watched=case.is_watched)
    marking = None if mark is case.mark else Marking(case.mark)
    version = case.version + len(steps) + (marking is not None)
    return replace(case, mark=mark, reason=reason, version=version), steps, marking
