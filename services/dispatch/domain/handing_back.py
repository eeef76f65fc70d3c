"""A unit hands a case back, and the centre rules on it (domain.md B3)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.dispatch.domain.case import Case, Fact, raise_event
from services.dispatch.domain.dispatching import Order, sent
from services.dispatch.domain.states import next_state
from services.dispatch.errors import HandedBackAlready, TooLateToHandBack

HAND_BACK_WITHIN = timedelta(hours=2)
REASONS = {
    "not_our_duty": "职能不符",
    "not_our_area": "属地不符",
    "ownership_unclear": "权属不清",
    "information_missing": "信息不全",
    "duplicate": "重复",
}


def hand_back_until(case: Case) -> datetime | None:
    """Until when the lead unit may hand the case back; None if it may not, or has done so before."""
    sent_at = case.sent_at or case.dispatched_at
    return sent_at + HAND_BACK_WITHIN if sent_at and case.unit not in case.handed_back_by else None


def hand_back(case: Case, reason_code: str, reason: str, now: datetime) -> tuple[Case, list[Fact]]:
    """The lead unit says that the case is not theirs; the closing clock keeps running.

    Raises IllegalTransition, HandedBackAlready, TooLateToHandBack.
    """
    state = next_state(case.state, "hand_back")
    if case.unit in case.handed_back_by:
        raise HandedBackAlready
    sent_at = case.sent_at or case.dispatched_at
    if sent_at is None or now > sent_at + HAND_BACK_WITHIN:
        raise TooLateToHandBack
    case = replace(
        case, state=state, handed_back_at=now, handed_back_by=(*case.handed_back_by, str(case.unit)), handler=None
    )
    return raise_event(case, "case.handed_back", now, {"reason_code": reason_code, "reason": reason})


def rule(case: Case, order: Order, reason: str, now: datetime) -> tuple[Case, list[Fact]]:
    """The centre decides: another unit, or the same one by force. The deadline stays.

    Raises IllegalTransition, LeadIsHelper, ConcernedUnit.
    """
    state = next_state(case.state, "rule")
    forced = order.unit == case.unit
    case = replace(sent(case, state, order, now), acknowledged_at=None, handed_back_at=None)
    says: dict[str, Any] = {"dispatched_by": "ruling", "imported": False, "forced": forced}
    return raise_event(case, "case.dispatched", now, says, {"reason": reason})
