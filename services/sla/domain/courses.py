"""What the facts known of a case say about each of its clocks.

A later stage seen first implies the earlier ones, so every interleaving of the two sources ends the same.
"""

from dataclasses import replace
from datetime import datetime

from services.sla.domain.course import Course
from services.sla.domain.facts import DispatchFacts, IntakeFacts
from services.sla.domain.limit import Kind


def courses(intake: IntakeFacts | None, dispatch: DispatchFacts) -> dict[Kind, Course]:
    """The course of each clock; a clock whose start is unknown has none."""
    before = {} if intake is None else _before_dispatch(intake, dispatch)
    return before | _after_dispatch(intake, dispatch)


def _before_dispatch(intake: IntakeFacts, dispatch: DispatchFacts) -> dict[Kind, Course]:
    answered_at, stops = intake.accepted_at or intake.refused_at, dispatch.stops
    # Dispatched or stopped implies accepted, at a time that is still on its way: until then the clock must not fire.
    held = answered_at is None and (dispatch.dispatched_at is not None or bool(stops))
    found = {Kind.ACCEPT: Course(intake.submitted_at, ended_at=answered_at, stopped_at=intake.withdrawn_at, held=held)}
    if intake.accepted_at is not None:
        dispatched_at = dispatch.dispatched_at or intake.dispatched_at
        found[Kind.DISPATCH] = Course(intake.accepted_at, ended_at=dispatched_at, stopped_at=dispatch.first_stop)
    return found


def _after_dispatch(intake: IntakeFacts | None, dispatch: DispatchFacts) -> dict[Kind, Course]:
    found = {}
    if dispatch.dispatched_at is not None:
        found[Kind.CONTACT] = _contact(intake, dispatch, dispatch.dispatched_at)
    # A case merged before it was dispatched may be reopened on its own: its first promise is that of round two.
    began_at = dispatch.reopened_at or dispatch.dispatched_at
    if began_at is not None:
        found[Kind.CLOSE] = _close(dispatch, began_at)
    return found


def _contact(intake: IntakeFacts | None, dispatch: DispatchFacts, dispatched_at: datetime) -> Course:
    stated_at, answered_at = intake.contacted_at if intake else None, dispatch.replied_at or dispatch.closed_at
    contacted_at, stopped_at = dispatch.contacted_at or stated_at or answered_at, dispatch.first_stop
    if contacted_at == stopped_at:
        # Merged into a case whose resident had been contacted: its own resident hears of that after the merging.
        contacted_at = None
    # The dispatch of an import is published before its contact; intake's event says whether there was one.
    waits_for_intake = dispatch.imported_at is not None and intake is None
    course = Course(dispatched_at, ended_at=contacted_at, stopped_at=stopped_at)
    return replace(course, held=waits_for_intake and course.done_at is None)


def _close(dispatch: DispatchFacts, began_at: datetime) -> Course:
    return Course(
        began_at,
        gen=dispatch.round,
        ended_at=None if dispatch.closed_at is None else dispatch.replied_at or dispatch.closed_at,
        muted_at=dispatch.replied_at if dispatch.state == "replied" else None,
        resumed_at=dispatch.sent_back_at,
        stopped_at=dispatch.stopped_at,
    )
