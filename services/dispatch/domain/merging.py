"""Repeats: one case goes into another, the main one, and its resident is told what the main one's is (X01)."""

from dataclasses import replace
from datetime import datetime

from services.dispatch.domain.case import Case, Fact, raise_event
from services.dispatch.domain.states import OPEN, State, next_state
from services.dispatch.errors import HasFollowers, IntoItself, MainNotOpen, MergeRestricted


def merge(case: Case, main: Case, now: datetime) -> tuple[Case, Case, list[Fact]]:
    """`case` goes into `main`, which stays as it is and answers both residents. Returns both and what happened.

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
        case, told = follow_contact(case, main, None, now)
        facts = facts + told
    followers = (*main.followers, case.number)
    return case, replace(main, followers=followers, revision=main.revision + 1), facts


def follow_contact(case: Case, main: Case, means: str | None, now: datetime) -> tuple[Case, list[Fact]]:
    """The merged case's resident is told what the main one's was; once."""
    if case.state != State.MERGED or case.contacted_at is not None:
        return case, []
    case = replace(
        _beside(case, main), contacted_at=now, process=main.process, promised_at=main.promised_at or case.promised_at
    )
    says = {"process": main.process or "", "means": means, "promised_at": case.promised_at, "imported": False}
    return raise_event(case, "case.contacted", now, says)


def follow_closing(case: Case, main: Case, now: datetime) -> tuple[Case, list[Fact]]:
    """The merged case is answered and closed with the main one's words, at the main one's times."""
    if case.state != State.MERGED:
        return case, []
    closed = next_state(case.state, "follow")
    case = replace(_beside(case, main), state=State.REPLIED, reply=main.reply, replied_at=main.replied_at)
    case, facts = raise_event(case, "case.replied", main.replied_at or now, {"text": main.reply or ""})
    case = replace(case, state=closed, outcome=main.outcome, closed_at=now)
    case, told = raise_event(case, "case.closed", now, {"outcome": main.outcome})
    return case, facts + told


def _beside(case: Case, main: Case) -> Case:
    """Seen by the main one's unit, which answers for both; a unit that led it before goes on seeing it."""
    if main.unit is None or main.unit in case.about:
        return case
    former = (case.unit,) if case.unit and case.unit != main.unit else ()
    helpers = tuple(code for code in dict.fromkeys((*case.helpers, *former)) if code != main.unit)
    return replace(case, unit=main.unit, unit_name=main.unit_name, helpers=helpers)
