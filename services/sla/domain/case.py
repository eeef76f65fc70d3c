"""A case as the clocks see it: what intake said, what dispatch said, and the clocks that follow from both.

Events of one source arrive in order, those of two sources in any order. So each source's part is kept apart and
`settle` derives the clocks from both: every interleaving ends the same, and a later stage seen first implies the
earlier ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.sla.domain.clock import Clock, Course, Step, follow
from services.sla.domain.limit import Complexity, Kind, limit_for
from services.sla.domain.mark import Mark, Reason, judge, risk_mark, time_mark


@dataclass(frozen=True, slots=True)
class Intake:
    """Intake's part. An import states `dispatched_at` and `contacted_at`; `imported_at` is when it was recorded."""

    submitted_at: datetime
    accepted_at: datetime | None = None
    refused_at: datetime | None = None
    withdrawn_at: datetime | None = None
    emergency: bool = False
    dispatched_at: datetime | None = None
    contacted_at: datetime | None = None
    imported_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Dispatch's part. `sent_back_at`: the last time a reply was sent back.

    `reopened_at`: when its present round began, None in the first. `stops`: each time it was withdrawn or merged into
    another; of these only one after the reopening concerns the present round.
    """

    state: str
    unit: str | None = None
    unit_name: str | None = None
    helpers: tuple[str, ...] = ()
    complexity: Complexity | None = None
    priority: bool = False
    sensitive: bool = False
    restricted: bool = False
    dispatched_at: datetime | None = None
    contacted_at: datetime | None = None
    replied_at: datetime | None = None
    closed_at: datetime | None = None
    sent_back_at: datetime | None = None
    round: int = 1
    reopened_at: datetime | None = None
    stops: tuple[datetime, ...] = ()
    imported_at: datetime | None = None

    @property
    def stopped_at(self) -> datetime | None:
        """When it stopped being waited for in its present round."""
        last = self.stops[-1] if self.stops else None
        return last if last and (self.reopened_at is None or last >= self.reopened_at) else None


NOTHING = Dispatch(state="unknown")


@dataclass(frozen=True, slots=True)
class Case:
    """`version` counts the events published about the case; `mark` and `reason` are those last published.

    `past` holds the clocks that a new gen has just replaced, until what they fired is written.
    """

    number: str
    version: int = 0
    intake: Intake | None = None
    dispatch: Dispatch = NOTHING
    clocks: Mapping[Kind, Clock] = field(default_factory=dict)
    mark: Mark = Mark.NONE
    reason: Reason = Reason.NONE
    past: tuple[Clock, ...] = field(default=(), compare=False)

    @property
    def imported_at(self) -> datetime | None:
        """What was due until then came before us and is published silently, once."""
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
        """The clock that ends first of those running: the case's time left."""
        running = (clock for clock in self.clocks.values() if clock.is_running and not clock.held)
        return min(running, key=lambda clock: clock.due, default=None)

    @property
    def scopes(self) -> tuple[str, ...]:
        """Who may see the case: the lead unit; its helpers too, unless the letter is about a unit or its people."""
        dispatch = self.dispatch
        units = (dispatch.unit, *(() if dispatch.restricted else dispatch.helpers))
        return ("centre", "leader", "supervisor", *(f"unit:{unit}" for unit in units if unit))


@dataclass(frozen=True, slots=True)
class Marking:
    """A change of mark: what it was, and why it is what it is now."""

    previous: Mark


def hear_intake(case: Case, heard: Intake) -> Case:
    """Intake's newest word; what an import stated once stays."""
    before = case.intake or heard
    return replace(
        case,
        intake=replace(
            heard,
            accepted_at=heard.accepted_at or before.accepted_at,
            dispatched_at=heard.dispatched_at or before.dispatched_at,
            contacted_at=heard.contacted_at or before.contacted_at,
            imported_at=before.imported_at or heard.imported_at,
        ),
    )


def hear_dispatch(case: Case, heard: Dispatch) -> Case:
    """Dispatch's newest word; when it was imported, last sent back and each time stopped stays."""
    before = case.dispatch
    return replace(
        case,
        dispatch=replace(
            heard,
            sent_back_at=heard.sent_back_at or before.sent_back_at,
            stops=(*before.stops, *heard.stops),
            imported_at=before.imported_at or heard.imported_at,
        ),
    )


def settle(case: Case) -> tuple[Case, list[Step], Marking | None]:
    """The case with its clocks and mark as the facts have them, and what turned on the way.

    The version rises by one for every turn and for a change of mark.
    """
    clocks = dict(case.clocks)
    steps: list[Step] = []
    for kind, course in courses(case).items():
        limit = limit_for(kind, case.dispatch.complexity)
        clocks[kind], turned = follow(clocks.get(kind), limit, course, case.imported_at)
        steps += turned
    replaced = (clock for kind, clock in case.clocks.items() if clock.gen < clocks[kind].gen)
    case = replace(case, clocks=clocks, past=(*case.past, *replaced))
    mark, reason = judge(case.risk, case.time, closed=_is_closed(case), watched=_is_watched(case))
    marking = None if mark is case.mark else Marking(case.mark)
    version = case.version + len(steps) + (marking is not None)
    return replace(case, mark=mark, reason=reason, version=version), steps, marking


def courses(case: Case) -> dict[Kind, Course]:
    """What the facts known so far say about each clock; a clock whose start is unknown has no course."""
    return _courses_before_dispatch(case) | _courses_after_dispatch(case)


def _courses_before_dispatch(case: Case) -> dict[Kind, Course]:
    intake, dispatched_at = case.intake, case.dispatch.dispatched_at
    if intake is None:
        return {}
    answered_at = intake.accepted_at or intake.refused_at
    # Dispatched, or stopped there, implies accepted, at a time still under way: the clock must not fire meanwhile.
    held = answered_at is None and (dispatched_at is not None or bool(case.dispatch.stops))
    found = {Kind.ACCEPT: Course(intake.submitted_at, ended_at=answered_at, stopped_at=intake.withdrawn_at, held=held)}
    if intake.accepted_at is not None:
        dispatched_at = dispatched_at or intake.dispatched_at
        found[Kind.DISPATCH] = Course(intake.accepted_at, ended_at=dispatched_at, stopped_at=_first_stop(case))
    return found


def _courses_after_dispatch(case: Case) -> dict[Kind, Course]:
    dispatch = case.dispatch
    answered_at = dispatch.replied_at or dispatch.closed_at
    found = {}
    if dispatch.dispatched_at is not None:
        found[Kind.CONTACT] = _contact_course(case, dispatch.dispatched_at, answered_at)
    # A case merged before it was dispatched may be reopened on its own: its first promise is that of round two.
    began_at = dispatch.reopened_at or dispatch.dispatched_at
    if began_at is not None:
        found[Kind.CLOSE] = Course(
            began_at,
            gen=dispatch.round,
            ended_at=answered_at if _is_closed(case) else None,
            muted_at=dispatch.replied_at if dispatch.state == "replied" else None,
            resumed_at=dispatch.sent_back_at,
            stopped_at=dispatch.stopped_at,
        )
    return found


def _contact_course(case: Case, dispatched_at: datetime, answered_at: datetime | None) -> Course:
    stated_at = case.intake.contacted_at if case.intake else None
    contacted_at, stopped_at = case.dispatch.contacted_at or stated_at or answered_at, _first_stop(case)
    if contacted_at == stopped_at:
        contacted_at = None  # merged into a case whose resident was told before: it hears of that after the merging
    # An import's dispatch is told before its contact; intake's word says whether there was one.
    waits_for_intake = case.dispatch.imported_at is not None and case.intake is None
    course = Course(dispatched_at, ended_at=contacted_at, stopped_at=stopped_at)
    return replace(course, held=waits_for_intake and course.done_at is None)


def _first_stop(case: Case) -> datetime | None:
    """What happens once in a case's life was waited for until it was stopped first."""
    return case.dispatch.stops[0] if case.dispatch.stops else None


def _is_closed(case: Case) -> bool:
    return case.dispatch.closed_at is not None


def _is_watched(case: Case) -> bool:
    """Neither refused nor withdrawn nor merged into another."""
    intake = case.intake
    left_intake = intake is not None and intake.accepted_at is None and (intake.refused_at or intake.withdrawn_at)
    return not left_intake and case.dispatch.stopped_at is None
