"""Where a case leaves its ordinary way: handed back, ruled upon, withdrawn, merged, reopened (domain.md B3, X01).

As in `case.py`: the case, what is asked and `now` (aware UTC) in; the new case and the facts it caused out.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.dispatch.domain.case import OPEN, Case, Fact, Order, following, sent, tell
from services.dispatch.errors import (
    HandedBackAlready,
    HasFollowers,
    IntoItself,
    MainNotOpen,
    MergeRestricted,
    TooLateToHandBack,
)

HAND_BACK_WITHIN = timedelta(hours=2)
REASONS = {
    "not_our_duty": "职能不符",
    "not_our_area": "属地不符",
    "ownership_unclear": "权属不清",
    "information_missing": "信息不全",
    "duplicate": "重复",
}
DISSATISFIED = frozenset({"dissatisfied", "very_dissatisfied"})
ROUNDS = 2  # a second dissatisfaction is for supervision, not for a third pass


def hand_back_until(case: Case) -> datetime | None:
    """Until when its lead unit may hand the case back; None if it may not, or not again."""
    sent_at = case.sent_at or case.dispatched_at
    return sent_at + HAND_BACK_WITHIN if sent_at and case.unit not in case.handed_back_by else None


def hand_back(case: Case, reason_code: str, reason: str, now: datetime) -> tuple[Case, list[Fact]]:
    """The lead unit says that it is not theirs; the closing clock runs on.

    Raises IllegalTransition, HandedBackAlready, TooLateToHandBack.
    """
    state = following(case, "hand_back")
    if case.unit in case.handed_back_by:
        raise HandedBackAlready
    sent_at = case.sent_at or case.dispatched_at
    if sent_at is None or now > sent_at + HAND_BACK_WITHIN:
        raise TooLateToHandBack
    case = replace(
        case, state=state, handed_back_at=now, handed_back_by=(*case.handed_back_by, str(case.unit)), handler=None
    )
    return tell(case, "case.handed_back", now, {"reason_code": reason_code, "reason": reason})


def rule(case: Case, order: Order, reason: str, now: datetime) -> tuple[Case, list[Fact]]:
    """The centre decides: to another unit, or back to the same one by force. The deadline stays.

    Raises IllegalTransition, LeadIsHelper, ConcernedUnit.
    """
    state = following(case, "rule")
    forced = order.unit == case.unit
    case = replace(sent(case, state, order, now), acknowledged_at=None, handed_back_at=None)
    says: dict[str, Any] = {"dispatched_by": "ruling", "imported": False, "forced": forced}
    return tell(case, "case.dispatched", now, says, {"reason": reason})


def withdraw(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
    """The resident takes the letter back. Nothing, if it is over, or if other residents wait for its answer."""
    if case.state not in OPEN or case.followers:
        return case, []
    case = replace(case, state=following(case, "withdraw"), withdrawn_at=now, handed_back_at=None)
    return tell(case, "case.withdrawn", now)


def reopen(case: Case, grade: str, comment: str, round_: int, now: datetime) -> tuple[Case, list[Fact]]:
    """A dissatisfied resident has the same unit do it again, once. A rating of a pass that is past changes nothing."""
    if case.state != "closed" or grade not in DISSATISFIED or round_ != case.round or case.round >= ROUNDS:
        return case, []
    case = replace(
        case,
        state=following(case, "reopen"),
        round=case.round + 1,
        reopened_at=now,
        replied_at=None,
        closed_at=None,
        outcome=None,
        reply=None,
    )
    return tell(case, "case.reopened", now, {"grade": grade}, {"comment": comment} if comment else {})


def merge(case: Case, main: Case, now: datetime) -> tuple[Case, Case, list[Fact]]:
    """`case` goes into `main`, which stays as it is and answers both residents. Returns both and what happened.

    Raises IllegalTransition, IntoItself, HasFollowers, MainNotOpen, MergeRestricted.
    """
    state = following(case, "merge")
    if case.number == main.number:
        raise IntoItself("into")
    if case.followers:
        raise HasFollowers
    if main.state not in OPEN:
        raise MainNotOpen("into")
    if main.restricted != case.restricted:
        raise MergeRestricted("into")
    case = _beside(replace(case, state=state, merged_into=main.number, handed_back_at=None), main)
    case, facts = tell(case, "case.merged", now, {"into": main.number})
    if main.contacted_at is not None:
        case, told = follow_contact(case, main, None, now)
        facts = facts + told
    followers = (*main.followers, case.number)
    return case, replace(main, followers=followers, revision=main.revision + 1), facts


def follow_contact(case: Case, main: Case, means: str | None, now: datetime) -> tuple[Case, list[Fact]]:
    """The merged case's resident is told what the main one's was; once."""
    if case.state != "merged" or case.contacted_at is not None:
        return case, []
    case = replace(
        _beside(case, main), contacted_at=now, process=main.process, promised_at=main.promised_at or case.promised_at
    )
    says = {"process": main.process or "", "means": means, "promised_at": case.promised_at, "imported": False}
    return tell(case, "case.contacted", now, says)


def follow_closing(case: Case, main: Case, now: datetime) -> tuple[Case, list[Fact]]:
    """The merged case is answered and closed with the main one's words, at the main one's times."""
    if case.state != "merged":
        return case, []
    closed = following(case, "follow")
    case = replace(_beside(case, main), state="replied", reply=main.reply, replied_at=main.replied_at)
    case, facts = tell(case, "case.replied", main.replied_at or now, {"text": main.reply or ""})
    case = replace(case, state=closed, outcome=main.outcome, closed_at=now)
    case, told = tell(case, "case.closed", now, {"outcome": main.outcome})
    return case, facts + told


def _beside(case: Case, main: Case) -> Case:
    """Seen by the main one's unit, which answers for both; a unit that led it before goes on seeing it."""
    if main.unit is None or main.unit in case.about:
        return case
    former = (case.unit,) if case.unit and case.unit != main.unit else ()
    helpers = tuple(code for code in dict.fromkeys((*case.helpers, *former)) if code != main.unit)
    return replace(case, unit=main.unit, unit_name=main.unit_name, helpers=helpers)
