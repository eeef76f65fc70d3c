"""What dispatch and sla have told of a case, each source's part kept apart.

A part is replaced by its source's newest view, so every interleaving of the sources gives the same result; a later
stage carries the times of the earlier ones. A case that is done again starts a new pass; what the pass before it came
to stays beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.intake.domain.case import Case


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass of a case came to before it was done again. Times in UTC."""

    round: int
    contacted_at: datetime | None
    replied_at: datetime | None
    closed_at: datetime | None
    reply: str | None
    outcome: str | None


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
    round: int = 1
    handed_back: tuple[datetime, ...] = ()
    reopened_at: datetime | None = None
    withdrawn_at: datetime | None = None
    merged_into: str | None = None
    earlier: tuple[Pass, ...] = ()
    # Who sees the case's photos and videos (services/intake/domain/media.py); the resident is shown none of it.
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
    "reopened_at",
    "withdrawn_at",
    "merged_into",
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
    """The newest view of dispatch; what a unit said stays until it says something else or a new pass begins."""
    known = _new_pass(progress.handling, data.get("round", 1))
    view: dict[str, Any] = {field: data.get(field) for field in VIEW}
    said: dict[str, Any] = {part: data.get(field) for field, part in SAID.get(type, {}).items()}
    handling = replace(known, **view, **said) if known else Handling(**view, **said)
    return replace(
        progress, handling=replace(handling, round=data.get("round", 1), handed_back=_handed_back(known, data))
    )


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
    "handed_back": "handed_back",
    "handling": "handling",
    "replied": "handling",
    "merged": "merged",
    "closed": "closed",
    "withdrawn": "withdrawn",
}


def stage(case: Case, progress: Progress) -> str:
    """Where the case stands, for its resident. Dispatch decides once it has said anything: it speaks of accepted cases
    only. A merged case is closed once its own answer has been given.
    """
    handling = progress.handling
    if handling is None:
        return str(case.state)
    return "closed" if handling.state == "merged" and handling.closed_at else STAGES[handling.state]


def _handed_back(known: Handling | None, data: Mapping[str, Any]) -> tuple[datetime, ...]:
    """When units handed the case back: dispatch's view forgets it with the ruling."""
    before, newest = known.handed_back if known else (), data.get("handed_back_at")
    return before if newest is None or newest in before else (*before, newest)


def _new_pass(known: Handling | None, round: int) -> Handling | None:
    """The part as it goes into pass number `round`: the pass before it is put beside it, its answer is void."""
    if known is None or round <= known.round:
        return known
    done = Pass(known.round, known.contacted_at, known.replied_at, known.closed_at, known.reply, known.outcome)
    return replace(known, earlier=(*known.earlier, done), reply=None, outcome=None)
