"""What intake publishes, and the small part it reads of what dispatch and sla publish."""

from collections.abc import Sequence
from typing import Any

from marshmallow import EXCLUDE, Schema, fields
from marshmallow.validate import OneOf

from chassis.delivery.envelope import Draft
from chassis.delivery.events import EventType, Moment
from chassis.masking import mask
from services.intake.domain.case import AcceptedBy, Channel, Kind, Raised, Reason, State
from services.intake.domain.holder import Grade
from services.intake.domain.identity import Identity


class CaseView(Schema):
    """What every event of intake carries: the case as intake sees it, and `at`, when it happened (UTC)."""

    at = Moment(required=True)
    number = fields.Str(required=True)
    channel = fields.Str(required=True, validate=OneOf(list(Channel)))
    kind = fields.Str(required=True, validate=OneOf(list(Kind)))
    identity = fields.Str(required=True, validate=OneOf(list(Identity)))
    community = fields.Str(required=True, allow_none=True)
    emergency = fields.Bool(required=True)
    state = fields.Str(required=True, validate=OneOf(list(State)))
    submitted_at = Moment(required=True)
    accepted_at = Moment(required=True, allow_none=True)
    refused_at = Moment(required=True, allow_none=True)
    withdrawn_at = Moment(allow_none=True)


class ImportedPart(Schema):
    """What had happened to an imported case before the import: the real times, lead unit and complexity."""

    accepted_at = Moment(required=True)
    dispatched_at = Moment(required=True)
    contacted_at = Moment(required=True, allow_none=True)
    unit = fields.Str(required=True)
    complexity = fields.Str(required=True, validate=OneOf(["simple", "complex"]))


class Submitted(CaseView):
    """A resident's letter came in. `text` and `place` are masked; the letter's text travels only here.

    `same_telephone`: numbers of at most ten other cases of the last seven days from the same telephone, newest first.
    """

    text = fields.Str(required=True)
    place = fields.Str(required=True)
    emergency_words = fields.List(fields.Str(), required=True)
    same_telephone = fields.List(fields.Str())
    imported = fields.Nested(ImportedPart, required=True, allow_none=True)


class Accepted(CaseView):
    """The centre, the rule or the import accepted the case; from here on dispatch decides."""

    accepted_by = fields.Str(required=True, validate=OneOf(list(AcceptedBy)))
    imported = fields.Nested(ImportedPart, required=True, allow_none=True)


class Refused(CaseView):
    """The centre refused the case; the resident is told the reason (R20)."""

    reason = fields.Str(required=True, validate=OneOf(list(Reason)))


class Supplemented(CaseView):
    """The resident added to the letter: masked text, which may be empty, and the number of files that came with it."""

    text = fields.Str(required=True)
    media = fields.Int(required=True)
    emergency_words = fields.List(fields.Str(), required=True)


class WithdrawalAsked(CaseView):
    """The resident asks to withdraw a letter that dispatch decides about; dispatch answers."""


class Withdrawn(CaseView):
    """The resident withdrew the letter before anybody had decided about it."""


class Rated(CaseView):
    """The resident rates how a pass of the case ended (R52); once for each `round`. `comment` is masked."""

    grade = fields.Str(required=True, validate=OneOf(list(Grade)))
    comment = fields.Str(required=True)
    round = fields.Int(required=True)


PUBLISHES = (
    EventType("case.submitted", Submitted),
    EventType("case.accepted", Accepted, public=True),
    EventType("case.refused", Refused, public=True),
    EventType("case.supplemented", Supplemented),
    EventType("case.withdrawal_asked", WithdrawalAsked),
    EventType("case.withdrawn", Withdrawn, public=True),
    EventType("case.rated", Rated),
)
ANSWERS = ("contacts",)
_TYPES = {each.type: each for each in PUBLISHES}
_FREE_TEXT = ("text", "place", "comment")


def drafts(raised: Sequence[Raised], name: str | None = None) -> list[Draft]:
    """The events as they are published: free text masked, including the writer's own `name`."""
    return [_TYPES[each.type].draft(each.number, each.version, _published(each, name)) for each in raised]


def _published(raised: Raised, name: str | None) -> dict[str, Any]:
    masked = {field: _masked(raised.data[field], name) for field in _FREE_TEXT if field in raised.data}
    return {**raised.data, **masked}


def _masked(text: str, name: str | None) -> str:
    # A name of one character is not searched for: it would blot out words all over the letter.
    return mask(text.replace(name, "某某") if name and len(name) > 1 else text)


class Reading(Schema):
    class Meta:
        unknown = EXCLUDE


class HandlingReading(Reading):
    """Dispatch's view as far as a resident may see it, and which officers may see the case's media."""

    state = fields.Str(required=True)
    unit = fields.Str(load_default=None, allow_none=True)
    unit_name = fields.Str(load_default=None, allow_none=True)
    dispatched_at = Moment(load_default=None, allow_none=True)
    acknowledged_at = Moment(load_default=None, allow_none=True)
    contacted_at = Moment(load_default=None, allow_none=True)
    replied_at = Moment(load_default=None, allow_none=True)
    closed_at = Moment(load_default=None, allow_none=True)
    handed_back_at = Moment(load_default=None, allow_none=True)
    reopened_at = Moment(load_default=None, allow_none=True)
    withdrawn_at = Moment(load_default=None, allow_none=True)
    merged_into = fields.Str(load_default=None, allow_none=True)
    round = fields.Int(load_default=1)
    helpers = fields.List(fields.Str(), load_default=None, allow_none=True)
    restricted = fields.Bool(load_default=None, allow_none=True)
    scopes = fields.List(fields.Str(), load_default=None, allow_none=True)


class ContactedReading(HandlingReading):
    process = fields.Str(required=True)
    promised_at = Moment(load_default=None, allow_none=True)


class RepliedReading(HandlingReading):
    text = fields.Str(required=True)


class ClosedReading(HandlingReading):
    outcome = fields.Str(load_default=None, allow_none=True)


class ClockReading(Reading):
    kind = fields.Str(required=True)
    gen = fields.Int(required=True)
    due = Moment(required=True)


READS: dict[tuple[str, str], type[Schema]] = {
    ("dispatch", "case.dispatched"): HandlingReading,
    ("dispatch", "case.acknowledged"): HandlingReading,
    ("dispatch", "case.contacted"): ContactedReading,
    ("dispatch", "case.replied"): RepliedReading,
    ("dispatch", "case.sent_back"): HandlingReading,
    ("dispatch", "case.closed"): ClosedReading,
    ("dispatch", "case.handed_back"): HandlingReading,
    ("dispatch", "case.reopened"): HandlingReading,
    ("dispatch", "case.withdrawn"): HandlingReading,
    ("dispatch", "case.merged"): HandlingReading,
    ("sla", "clock.started"): ClockReading,
}
