"""What sla publishes; what it reads is in consumed.py."""

from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from chassis.delivery.envelope import Draft, Event
from chassis.delivery.events import EventType, Moment
from services.sla.consumed import READS as READS
from services.sla.domain.case import Case, Marking
from services.sla.domain.clock import Status, Step, Turn
from services.sla.domain.limit import Complexity, Kind
from services.sla.domain.mark import Mark, Reason


def one_of(values: type[Any]) -> validate.OneOf:
    return validate.OneOf([str(value) for value in values])


class CaseView(Schema):
    """The whole of what sla knows about a case, in every event."""

    number = fields.String(required=True)
    unit = fields.String(required=True, allow_none=True)
    unit_name = fields.String(required=True, allow_none=True)
    complexity = fields.String(required=True, allow_none=True, validate=one_of(Complexity))
    mark = fields.String(required=True, validate=one_of(Mark))
    restricted = fields.Boolean(required=True)
    silent = fields.Boolean(required=True, metadata={"description": "Came before an import: no message, no letter"})
    at = Moment(required=True, metadata={"description": "When it happened; the event's time is when it was recorded"})


class ClockTurned(CaseView):
    kind = fields.String(required=True, validate=one_of(Kind))
    gen = fields.Integer(required=True)
    status = fields.String(required=True, validate=one_of(Status))
    started_at = Moment(required=True)
    warn_at = Moment(required=True, metadata={"description": "A quarter of the limit is left: yellow"})
    due = Moment(required=True, metadata={"description": "The promised time: red once it has passed"})
    rule = fields.String(required=True)
    rule_version = fields.Integer(required=True)
    letter_after = fields.Integer(
        required=True, metadata={"description": "Seconds from a breach of kind close to the proposal of a letter"}
    )


class Started(ClockTurned):
    """A clock runs. For kind close, `due` is what the resident is promised."""


class Warned(ClockTurned):
    """A quarter of the limit is left."""


class Breached(ClockTurned):
    """The limit passed. A letter is proposed `letter_after` seconds later, for kind close."""


class Met(ClockTurned):
    """What the clock waited for was done at `met_at`; late when that is after `due`."""

    met_at = Moment(required=True)


class Retracted(ClockTurned):
    """The breach of this kind and gen does not stand: it was done in time, and the event arrived late."""


class Changed(ClockTurned):
    """The clock changed at `at`. Status `stopped`: the case was withdrawn or merged, so nothing more fires."""


class Marked(CaseView):
    """The case's mark changed from `previous`."""

    previous = fields.String(required=True, validate=one_of(Mark))
    reason = fields.String(required=True, validate=one_of(Reason))


TURNED = {
    Turn.STARTED: EventType("clock.started", Started, public=True),
    Turn.WARNED: EventType("clock.warned", Warned, public=True),
    Turn.BREACHED: EventType("clock.breached", Breached, public=True),
    Turn.MET: EventType("clock.met", Met, public=True),
    Turn.RETRACTED: EventType("clock.retracted", Retracted, public=True),
    Turn.CHANGED: EventType("clock.changed", Changed, public=True),
}
MARKED = EventType("case.marked", Marked, public=True)
PUBLISHES = (*TURNED.values(), MARKED)


def drafts(before: int, case: Case, steps: list[Step], marking: Marking | None, cause: Event) -> list[Draft]:
    """The events that `cause` led to, numbered from `before` on; all carry the case as it is after them."""
    numbers = iter(range(before + 1, case.version + 1))
    published = [_turned(case, step, next(numbers)) for step in steps]
    if marking is not None:
        at = max([cause.data["at"], *(step.at for step in steps)])
        silent = bool(cause.data["imported"])
        payload = _view(case, at, silent) | {"previous": marking.previous, "reason": case.reason}
        published.append(MARKED.draft(case.number, next(numbers), payload, case.dispatch.restricted))
    return published


def _turned(case: Case, step: Step, seq: int) -> Draft:
    payload = _view(case, step.at, is_silent(case, step)) | _clock(step)
    return TURNED[step.turn].draft(case.number, seq, payload, case.dispatch.restricted)


def is_silent(case: Case, step: Step) -> bool:
    """Whether the step dates from before the import; a retraction is silent if its breach was."""
    happened = step.clock.breached_at if step.turn is Turn.RETRACTED else step.at
    return case.imported_at is not None and happened is not None and happened <= case.imported_at


def _view(case: Case, at: datetime, silent: bool) -> dict[str, Any]:
    dispatch = case.dispatch
    return {
        "number": case.number,
        "unit": dispatch.unit,
        "unit_name": dispatch.unit_name,
        "complexity": dispatch.complexity,
        "mark": case.mark,
        "restricted": dispatch.restricted,
        "silent": silent,
        "at": at,
    }


def _clock(step: Step) -> dict[str, Any]:
    clock = step.clock
    names = ("kind", "gen", "status", "started_at", "warn_at", "due", "rule", "rule_version", "letter_after")
    met = ("met_at",) if step.turn is Turn.MET else ()
    return {name: getattr(clock, name) for name in (*names, *met)}
