"""How a case stands, as its resident sees it: intake's own part, and what dispatch and sla have told.

Each source's part is kept apart and replaced by that source's newest view, so every interleaving of the sources gives
the same result; a later stage carries the times of the earlier ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.intake.case import Case, Reason, State


@dataclass(frozen=True, slots=True)
class Handling:
    """Dispatch's part: its newest view, and what units said on the way. Times in UTC."""

    state: str
    unit: str | None
    unit_name: str | None
    dispatched_at: datetime | None
    acknowledged_at: datetime | None
    contacted_at: datetime | None
    replied_at: datetime | None
    closed_at: datetime | None
    process: str | None = None
    told_by: datetime | None = None
    reply: str | None = None
    outcome: str | None = None
    # Who sees the case's photos and videos (services/intake/media.py); the resident is shown none of it.
    helpers: list[str] | None = None
    restricted: bool | None = None
    scopes: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """Sla's part: when the case must be closed (UTC), of the newest generation of that clock."""

    gen: int
    due: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    handling: Handling | None = None
    promise: Promise | None = None


VIEW = (
    "state",
    "unit",
    "unit_name",
    "dispatched_at",
    "acknowledged_at",
    "contacted_at",
    "replied_at",
    "closed_at",
    "helpers",
    "restricted",
    "scopes",
)

# What an event of dispatch adds besides its view: field of the event → field of the part.
SAID: dict[str, dict[str, str]] = {
    "case.contacted": {"process": "process", "promised_at": "told_by"},
    "case.replied": {"text": "reply"},
    "case.closed": {"outcome": "outcome"},
}


def told_by_dispatch(progress: Progress, type: str, data: Mapping[str, Any]) -> Progress:
    """The newest view of dispatch; what a unit said stays until it says something else."""
    view = {field: data.get(field) for field in VIEW}
    said = {part: data.get(field) for field, part in SAID.get(type, {}).items()}
    handling = replace(progress.handling, **view, **said) if progress.handling else Handling(**view, **said)  # type: ignore[arg-type]
    return replace(progress, handling=handling)


def told_by_sla(progress: Progress, data: Mapping[str, Any]) -> Progress:
    """The promised date; only the clock of closing is shown, and a later generation replaces an earlier one."""
    if data["kind"] != "close" or (progress.promise and progress.promise.gen > data["gen"]):
        return progress
    return replace(progress, promise=Promise(data["gen"], data["due"]))


# dispatch's state → what the resident is told. A reply under review is not an answer yet.
STAGES = {
    "waiting": "accepted",
    "dispatched": "dispatched",
    "acknowledged": "dispatched",
    "handling": "handling",
    "replied": "handling",
    "closed": "closed",
}

STAGE_NAMES = {
    "submitted": "待受理",
    "accepted": "已受理",
    "refused": "不予受理",
    "dispatched": "已分拨",
    "handling": "办理中",
    "closed": "已办结",
}

STEP_NAMES = {
    "submitted": "提交诉求",
    "accepted": "街道受理",
    "refused": "不予受理",
    "dispatched": "分拨承办单位",
    "acknowledged": "承办单位签收",
    "contacted": "先行联系诉求人",
    "replied": "承办单位答复",
    "closed": "审核办结",
}

REFUSALS = {
    Reason.NOT_IN_SCOPE: "反映的事项不属于街道的职责范围，请向有管辖权的部门或拨打12345反映。",
    Reason.EMERGENCY_SERVICE: "反映的是紧急情况，请立即拨打110、119或120。",
    Reason.LEGAL_PROCEDURE: "反映的事项正在诉讼、仲裁、复议或信访程序中，请按法定程序办理。",
    Reason.DUPLICATE: "您已就同一事项提交过诉求，我们会在原诉求中答复您。",
    Reason.NO_CONTENT: "来信没有可以办理的具体内容，请写明时间、地点和事情后重新提交。",
}


@dataclass(frozen=True, slots=True)
class Step:
    step: str
    name: str
    at: datetime


def stage(case: Case, progress: Progress) -> str:
    """One of STAGE_NAMES. Dispatch decides once it has said anything: it speaks of accepted cases only."""
    if progress.handling:
        return STAGES[progress.handling.state]
    return str(case.state)


def steps(case: Case, progress: Progress) -> list[Step]:
    """Every step taken so far with its time (UTC), in order; the unit's reply counts once the review has passed."""
    times: dict[str, datetime | None] = {
        "submitted": case.submitted_at,
        "accepted": case.accepted_at,
        "refused": case.refused_at,
    }
    if handling := progress.handling:
        times["dispatched"] = handling.dispatched_at
        times["acknowledged"] = handling.acknowledged_at
        times["contacted"] = handling.contacted_at
        times["replied"] = handling.replied_at if handling.state == "closed" else None
        times["closed"] = handling.closed_at
    return [Step(step, STEP_NAMES[step], at) for step, at in times.items() if at]


def resident_view(case: Case, progress: Progress) -> dict[str, Any]:
    """What the holder of the query code sees: no name, no telephone, no text; times in UTC."""
    handling, closed = progress.handling, stage(case, progress) == "closed"
    at = stage(case, progress)
    return {
        "number": case.number,
        "state": at,
        "state_name": STAGE_NAMES[at],
        "kind": case.letter.kind,
        "submitted_at": case.submitted_at,
        "unit": (handling.unit_name or handling.unit) if handling else None,
        "promised_by": progress.promise.due if progress.promise else None,
        "process": handling.process if handling else None,
        "told_by": handling.told_by if handling else None,
        "reply": handling.reply if handling and closed else None,
        "outcome": handling.outcome if handling and closed else None,
        "refusal": {"reason": case.reason, "sentence": REFUSALS[case.reason]} if case.reason else None,
        "steps": steps(case, progress),
        "emergency_calls": list(case.alarm.calls) if case.alarm and case.state is State.SUBMITTED else [],
    }
