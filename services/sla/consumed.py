"""What sla reads of the events of intake and dispatch, and the facts it takes from them."""

from collections.abc import Iterator

from marshmallow import EXCLUDE, Schema, fields

from chassis.delivery.envelope import Event
from chassis.delivery.events import Moment
from services.sla.domain.facts import DispatchFacts, IntakeFacts
from services.sla.domain.limit import Complexity


class _Consumed(Schema):
    """Part of another service's event; what is not named here is ignored."""

    class Meta:
        unknown = EXCLUDE


class ImportedPart(_Consumed):
    """The true times that an import states."""

    accepted_at = Moment(allow_none=True, load_default=None)
    dispatched_at = Moment(allow_none=True, load_default=None)
    contacted_at = Moment(allow_none=True, load_default=None)


class IntakeCase(_Consumed):
    at = Moment(required=True)
    submitted_at = Moment(required=True)
    accepted_at = Moment(allow_none=True, load_default=None)
    refused_at = Moment(allow_none=True, load_default=None)
    emergency = fields.Boolean(load_default=False)
    imported = fields.Nested(ImportedPart, allow_none=True, load_default=None)


class DispatchCase(_Consumed):
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


INTAKE_STAGES = ("submitted", "accepted", "refused", "withdrawn")
DISPATCH_STAGES = (
    *("triaged", "dispatched", "contacted", "handed_back", "replied", "sent_back", "closed"),
    *("reopened", "withdrawn", "merged"),
)
STOPS = ("case.withdrawn", "case.merged")


def _reads() -> Iterator[tuple[tuple[str, str], type[Schema]]]:
    for stage in INTAKE_STAGES:
        yield ("intake", f"case.{stage}"), IntakeCase
    for stage in DISPATCH_STAGES:
        yield ("dispatch", f"case.{stage}"), DispatchCase


READS = dict(_reads())
NOTHING_STATED = dict.fromkeys(ImportedPart().fields)


def intake_facts(event: Event) -> IntakeFacts:
    """From an event of intake; the times that an import states count as known from its first event on."""
    data = event.data
    stated = data["imported"] or NOTHING_STATED
    return IntakeFacts(
        submitted_at=data["submitted_at"],
        accepted_at=data["accepted_at"] or stated["accepted_at"],
        refused_at=data["refused_at"],
        withdrawn_at=data["at"] if event.type == "case.withdrawn" else None,
        emergency=data["emergency"],
        dispatched_at=stated["dispatched_at"],
        contacted_at=stated["contacted_at"],
        imported_at=event.time if data["imported"] else None,
    )


def dispatch_facts(event: Event) -> DispatchFacts:
    """From an event of dispatch."""
    names = DispatchFacts.__dataclass_fields__.keys() & event.data.keys() - {"helpers"}
    return DispatchFacts(
        **{name: event.data[name] for name in names},
        helpers=tuple(event.data["helpers"]),
        sent_back_at=event.data["at"] if event.type == "case.sent_back" else None,
        stops=(event.data["at"],) if event.type in STOPS else (),
        imported_at=event.time if event.data["imported"] else None,
    )
