"""A case as the holder of its query code sees it: no name, no telephone, no text of the letter."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.domain.case import Reason, State
from services.intake.domain.holder import REOPENS_ONCE, CaseHistory, Grade, Rating, allowed
from services.intake.domain.progress import Handling, stage_of

STAGE_NAMES = {
    "submitted": "待受理",
    "accepted": "已受理",
    "refused": "不予受理",
    "withdrawn": "已撤回",
    "dispatched": "已分拨",
    "handed_back": "重新分拨中",
    "handling": "办理中",
    "merged": "与同一事项合并办理",
    "closed": "已办结",
}

STEP_NAMES = {
    "submitted": "提交诉求",
    "accepted": "街道受理",
    "refused": "不予受理",
    "withdrawn": "撤回诉求",
    "withdrawal_asked": "申请撤回",
    "supplemented": "补充说明",
    "dispatched": "分拨承办单位",
    "acknowledged": "承办单位签收",
    "handed_back": "承办单位退回街道重新分拨",
    "contacted": "先行联系诉求人",
    "replied": "承办单位答复",
    "closed": "审核办结",
    "rated": "评价",
    "reopened": "退回重新办理",
}

GRADE_NAMES = {
    Grade.VERY_SATISFIED: "非常满意",
    Grade.SATISFIED: "满意",
    Grade.FAIRLY_SATISFIED: "基本满意",
    Grade.DISSATISFIED: "不满意",
    Grade.VERY_DISSATISFIED: "非常不满意",
}

REFUSALS = {
    Reason.NOT_IN_SCOPE: "反映的事项不属于街道的职责范围，请向有管辖权的部门或拨打12345反映。",
    Reason.EMERGENCY_SERVICE: "反映的是紧急情况，请立即拨打110、119或120。",
    Reason.LEGAL_PROCEDURE: "反映的事项正在诉讼、仲裁、复议或信访程序中，请按法定程序办理。",
    Reason.DUPLICATE: "您已就同一事项提交过诉求，我们会在原诉求中答复您。",
    Reason.NO_CONTENT: "来信没有可以办理的具体内容，请写明时间、地点和事情后重新提交。",
}

REOPENS_SENTENCE = "如果您选择“不满意”或“非常不满意”，这件诉求会退回承办单位重新办理一次。"
LAST_SENTENCE = "这件诉求已经重新办理过一次，不再退回办理；您的评价会交督查室跟进。"


@dataclass(frozen=True, slots=True)
class Step:
    step: str
    name: str
    at: datetime


def steps(history: CaseHistory) -> list[Step]:
    """Every step taken so far with its time (UTC), in order; the unit's reply is included once it has passed review."""
    found = [*_in_order(_main_steps(history)), *((at, name, at) for name, at in _side_steps(history) if at)]
    return [Step(name, STEP_NAMES[name], at) for _, name, at in sorted(found, key=lambda each: each[0])]


def resident_view(history: CaseHistory) -> dict[str, Any]:
    """What the holder sees of the case; times in UTC."""
    case, handling, may = history.case, history.progress.handling, allowed(history)
    stage = stage_of(case, history.progress)
    closed = stage == "closed"
    return {
        "number": case.number,
        "state": stage,
        "state_name": STAGE_NAMES[stage],
        "kind": case.statement.kind,
        "submitted_at": case.submitted_at,
        "unit": (handling.unit_name or handling.unit) if handling else None,
        "promised_by": history.progress.promise.due if history.progress.promise else None,
        "process": handling.process if handling else None,
        "told_by": handling.told_by if handling else None,
        "reply": handling.reply if handling and closed else None,
        "outcome": handling.outcome if handling and closed else None,
        "earlier_replies": [each.reply for each in handling.earlier if each.reply] if handling else [],
        "refusal": {"reason": case.reason, "sentence": REFUSALS[case.reason]} if case.reason else None,
        "steps": steps(history),
        "emergency_calls": list(case.alarm.calls) if case.alarm and case.state is State.SUBMITTED else [],
        "round": history.round,
        "can_supplement": "supplement" in may,
        "can_withdraw": "withdraw" in may,
        "can_rate": "rate" in may,
        "rating_sentence": _rating_sentence(history) if "rate" in may else None,
        "rating": _rating(history.ratings[-1] if history.ratings else None),
        "withdrawal_asked": case.withdrawal_asked_at is not None and stage != "withdrawn",
    }


def _in_order(steps: Iterator[tuple[str, datetime | None]]) -> Iterator[tuple[datetime, str, datetime]]:
    # The services' clocks may differ a little; even so, no step is listed before the one it follows.
    latest = None
    for name, at in steps:
        if at:
            latest = max(latest or at, at)
            yield latest, name, at


def _main_steps(history: CaseHistory) -> Iterator[tuple[str, datetime | None]]:
    """The steps that follow one another."""
    case, handling = history.case, history.progress.handling
    yield from (("submitted", case.submitted_at), ("accepted", case.accepted_at), ("refused", case.refused_at))
    if handling:
        yield from (("dispatched", handling.dispatched_at), ("acknowledged", handling.acknowledged_at))
        yield from _passes(handling)
    yield "withdrawn", (handling.withdrawn_at if handling else None) or case.withdrawn_at


def _passes(handling: Handling) -> Iterator[tuple[str, datetime | None]]:
    for done in handling.earlier:
        yield from (("contacted", done.contacted_at), ("replied", done.replied_at), ("closed", done.closed_at))
    began, contacted = handling.reopened_at, handling.contacted_at
    yield "reopened", began
    # The view may still hold the previous pass's contact.
    yield "contacted", None if handling.earlier and began and contacted and contacted < began else contacted
    yield "replied", handling.replied_at if handling.closed_at else None
    yield "closed", handling.closed_at


def _side_steps(history: CaseHistory) -> Iterator[tuple[str, datetime | None]]:
    """The steps that may happen at any time."""
    yield from (("supplemented", each.at) for each in history.supplements)
    yield "withdrawal_asked", history.case.withdrawal_asked_at
    if history.progress.handling:
        yield from (("handed_back", at) for at in history.progress.handling.handed_back)
    yield from (("rated", each.at) for each in history.ratings)


def _rating_sentence(history: CaseHistory) -> str:
    return REOPENS_SENTENCE if history.round == REOPENS_ONCE else LAST_SENTENCE


def _rating(rating: Rating | None) -> dict[str, Any] | None:
    if rating is None:
        return None
    name = GRADE_NAMES[rating.grade]
    return {"grade": rating.grade, "name": name, "at": rating.at, "reopens": rating.reopens}
