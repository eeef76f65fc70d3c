"""What sla publishes, and its own small reading of what it hears."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate

from chassis.delivery.envelope import Draft, Event
from chassis.delivery.events import EventType, Moment
from services.sla.domain.case import Case, Dispatch, Intake, Marking
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
    """The breach of this kind and gen does not stand: it was done in time, and the news came late."""


class Changed(ClockTurned):
    """The clock runs otherwise from `at` on. `stopped`: the case was withdrawn or merged, so nothing fires."""


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


def drafts(before: int, case: Case, steps: list[Step], marking: Marking | None, heard: Event) -> list[Draft]:
    """The events of one settling, numbered from `before` on; all carry the case as it is after it."""
    numbers = iter(range(before + 1, case.version + 1))
    published = [_turned(case, step, next(numbers)) for step in steps]
    if marking is not None:
        at = max([heard.data["at"], *(step.at for step in steps)])
        silent = bool(heard.data["imported"])
        payload = _view(case, at, silent) | {"previous": marking.previous, "reason": case.reason}
        published.append(MARKED.draft(case.number, next(numbers), payload, case.dispatch.restricted))
    return published


def _turned(case: Case, step: Step, seq: int) -> Draft:
    payload = _view(case, step.at, is_silent(case, step)) | _clock(step)
    return TURNED[step.turn].draft(case.number, seq, payload, case.dispatch.restricted)


def is_silent(case: Case, step: Step) -> bool:
    """Whether the turn belongs to the time before the import; a retraction is as loud as its breach was."""
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


class Stated(Schema):
    """The true times an import brings along."""

    class Meta:
        unknown = EXCLUDE

    accepted_at = Moment(allow_none=True, load_default=None)
    dispatched_at = Moment(allow_none=True, load_default=None)
    contacted_at = Moment(allow_none=True, load_default=None)


class IntakeReading(Schema):
    class Meta:
        unknown = EXCLUDE

    at = Moment(required=True)
    submitted_at = Moment(required=True)
    accepted_at = Moment(allow_none=True, load_default=None)
    refused_at = Moment(allow_none=True, load_default=None)
    emergency = fields.Boolean(load_default=False)
    imported = fields.Nested(Stated, allow_none=True, load_default=None)


class DispatchReading(Schema):
    class Meta:
        unknown = EXCLUDE

    at = Moment(required=True)
    state = fields.String(required=True)
    unit = fields.String(allow_none=True, load_default=None)
    unit_name = fields.String(allow_none=True, load_default=None)
    helpers = fields.List(fields.String(), load_default=list)
    complexity = fields.Enum(Complexity, by_value=True, allow_none=True, load_default=None)
    priority = fields.Boolean(load_default=False)
    sensitive = fields.Boolean(load_default=False)
    restricted = fields.Boolean(load_default=False)
    dispatched_at = Moment(allow_none=True, load_default=None)
    contacted_at = Moment(allow_none=True, load_default=None)
    replied_at = Moment(allow_none=True, load_default=None)
    closed_at = Moment(allow_none=True, load_default=None)
    reopened_at = Moment(allow_none=True, load_default=None)
    round = fields.Integer(load_default=1)
    imported = fields.Boolean(load_default=False)


DISPATCH_STAGES = (
    *("triaged", "dispatched", "contacted", "handed_back", "replied", "sent_back", "closed"),
    *("reopened", "withdrawn", "merged"),
)
STOPS = ("case.withdrawn", "case.merged")


def _reads() -> Iterator[tuple[tuple[str, str], type[Schema]]]:
    for stage in ("submitted", "accepted", "refused", "withdrawn"):
        yield ("intake", f"case.{stage}"), IntakeReading
    for stage in DISPATCH_STAGES:
        yield ("dispatch", f"case.{stage}"), DispatchReading


READS = dict(_reads())
NOTHING_STATED = dict.fromkeys(Stated().fields)


def intake_part(event: Event) -> Intake:
    """Intake's word in the domain's terms; an import's stated times count as known from its first event on."""
    data = event.data
    stated = data["imported"] or NOTHING_STATED
    return Intake(
        submitted_at=data["submitted_at"],
        accepted_at=data["accepted_at"] or stated["accepted_at"],
        refused_at=data["refused_at"],
        withdrawn_at=data["at"] if event.type == "case.withdrawn" else None,
        emergency=data["emergency"],
        dispatched_at=stated["dispatched_at"],
        contacted_at=stated["contacted_at"],
        imported_at=event.time if data["imported"] else None,
    )


def dispatch_part(event: Event) -> Dispatch:
    """Dispatch's word in the domain's terms."""
    names = Dispatch.__dataclass_fields__.keys() & event.data.keys() - {"helpers"}
    return Dispatch(
        **{name: event.data[name] for name in names},
        helpers=tuple(event.data["helpers"]),
        sent_back_at=event.data["at"] if event.type == "case.sent_back" else None,
        stops=(event.data["at"],) if event.type in STOPS else (),
        imported_at=event.time if event.data["imported"] else None,
    )
