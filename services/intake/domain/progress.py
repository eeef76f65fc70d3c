"""What dispatch and sla have published about a case, with each source's part kept separate.

A part is replaced by its source's newest view, so every interleaving of the sources gives the same result; a later
stage carries the times of the earlier ones. A reopened case starts a new pass, and the result of the previous pass is
kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.intake.domain.case import Case


@dataclass(frozen=True, slots=True)
class Pass:
    """The result of one pass of a case that was reopened afterwards. Times in UTC."""

    round: int
    contacted_at: datetime | None
    replied_at: datetime | None
    closed_at: datetime | None
    reply: str | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Handling:
    """Dispatch's part: its newest view, and what the units have written so far. Times in UTC."""

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
    round: int = 1
    handed_back: tuple[datetime, ...] = ()
    reopened_at: datetime | None = None
    withdrawn_at: datetime | None = None
    merged_into: str | None = None
    earlier: tuple[Pass, ...] = ()
    # Who sees the case's photos and videos (services/intake/domain/media_access.py); not shown to the resident.
    helpers: list[str] | None = None
    restricted: bool | None = None
    scopes: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """Sla's part: when the case must be closed (UTC), by the newest generation of that clock."""

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
    "reopened_at",
    "withdrawn_at",
    "merged_into",
    "helpers",
    "restricted",
    "scopes",
)

# What an event of dispatch adds to its view: field of the event → field of Handling.
EVENT_FIELDS: dict[str, dict[str, str]] = {
    "case.contacted": {"process": "process", "promised_at": "told_by"},
    "case.replied": {"text": "reply"},
    "case.closed": {"outcome": "outcome"},
}


def apply_dispatch_event(progress: Progress, type: str, data: Mapping[str, Any]) -> Progress:
    """Takes over dispatch's newest view; what a unit wrote stays until it writes again or a new pass begins."""
    known = _new_pass(progress.handling, data.get("round", 1))
    view: dict[str, Any] = {field: data.get(field) for field in VIEW}
    written: dict[str, Any] = {part: data.get(field) for field, part in EVENT_FIELDS.get(type, {}).items()}
    handling = replace(known, **view, **written) if known else Handling(**view, **written)
    return replace(
        progress, handling=replace(handling, round=data.get("round", 1), handed_back=_handed_back(known, data))
    )


def apply_sla_event(progress: Progress, data: Mapping[str, Any]) -> Progress:
    """Takes over the promised date: that of the closing clock only; a later generation replaces an earlier one."""
    if data["kind"] != "close" or (progress.promise and progress.promise.gen > data["gen"]):
        return progress
    return replace(progress, promise=Promise(data["gen"], data["due"]))


# Dispatch's state → the stage the resident is shown. A reply under review is not an answer yet.
STAGES = {
    "waiting": "accepted",
    "dispatched": "dispatched",
    "acknowledged": "dispatched",
    "handed_back": "handed_back",
    "handling": "handling",
    "replied": "handling",
    "merged": "merged",
    "closed": "closed",
    "withdrawn": "withdrawn",
}


def stage_of(case: Case, progress: Progress) -> str:
    """The stage of the case as its resident is shown it.

    Dispatch decides as soon as it has published anything, since it publishes accepted cases only. A merged case is
    closed once its own answer has been given.
    """
    handling = progress.handling
    if handling is None:
        return str(case.state)
    return "closed" if handling.state == "merged" and handling.closed_at else STAGES[handling.state]


def _handed_back(known: Handling | None, data: Mapping[str, Any]) -> tuple[datetime, ...]:
    """When units handed the case back; dispatch's view drops that with the ruling."""
    before, newest = known.handed_back if known else (), data.get("handed_back_at")
    return before if newest is None or newest in before else (*before, newest)


def _new_pass(known: Handling | None, round: int) -> Handling | None:
    """Dispatch's part at the start of pass `round`: the previous pass is filed under `earlier`, its answer is void."""
    if known is None or round <= known.round:
        return known
    done = Pass(known.round, known.contacted_at, known.replied_at, known.closed_at, known.reply, known.outcome)
    return replace(known, earlier=(*known.earlier, done), reply=None, outcome=None)
