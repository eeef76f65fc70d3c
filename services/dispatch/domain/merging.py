"""Repeats: one case goes into another, the main case, and both residents get the same answer (X01)."""

from dataclasses import replace
from datetime import datetime

from services.dispatch.domain.case import Case, Fact, raise_event
from services.dispatch.domain.states import OPEN, State, next_state
from services.dispatch.errors import HasFollowers, IntoItself, MainNotOpen, MergeRestricted


def merge(case: Case, main: Case, now: datetime) -> tuple[Case, Case, list[Fact]]:
    """`case` goes into `main`, whose answer both residents will get. Returns both cases and what happened.

    Raises IllegalTransition, IntoItself, HasFollowers, MainNotOpen, MergeRestricted.
    """
    state = next_state(case.state, "merge")
    if case.number == main.number:
        raise IntoItself("into")
    if case.followers:
        raise HasFollowers
    if main.state not in OPEN:
        raise MainNotOpen("into")
    if main.restricted != case.restricted:
        raise MergeRestricted("into")
    case = _beside(replace(case, state=state, merged_into=main.number, handed_back_at=None), main)
    case, facts = raise_event(case, "case.merged", now, {"into": main.number})
    if main.contacted_at is not None:
        case, contacted = follow_contact(case, main, None, now)
        facts = facts + contacted
    followers = (*main.followers, case.number)
    return case, replace(main, followers=followers, revision=main.revision + 1), facts


def follow_contact(case: Case, main: Case, means: str | None, now: datetime) -> tuple[Case, list[Fact]]:
    """The merged case's resident is told what the main case's resident was told; once."""
    if case.state != State.MERGED or case.contacted_at is not None:
        return case, []
    case = replace(
        _beside(case, main), contacted_at=now, process=main.process, promised_at=main.promised_at or case.promised_at
    )
    says = {"process": main.process or "", "means": means, "promised_at": case.promised_at, "imported": False}
    return raise_event(case, "case.contacted", now, says)


def follow_closing(case: Case, main: Case, now: datetime) -> tuple[Case, list[Fact]]:
    """The merged case is answered and closed with the main case's words, at its times."""
    if case.state != State.MERGED:
        return case, []
    closed = next_state(case.state, "follow")
    case = replace(_beside(case, main), state=State.REPLIED, reply=main.reply, replied_at=main.replied_at)
    case, facts = raise_event(case, "case.replied", main.replied_at or now, {"text": main.reply or ""})
    case = replace(case, state=closed, outcome=main.outcome, closed_at=now)
    case, closing = raise_event(case, "case.closed", now, {"outcome": main.outcome})
    return case, facts + closing


def _beside(case: Case, main: Case) -> Case:
    """The main case's unit leads both; a unit that led the merged case before becomes its helper and still sees it."""
    if main.unit is None or main.unit in case.about:
        return case
    former = (case.unit,) if case.unit and case.unit != main.unit else ()
    helpers = tuple(code for code in dict.fromkeys((*case.helpers, *former)) if code != main.unit)
    return replace(case, unit=main.unit, unit_name=main.unit_name, helpers=helpers)
