"""What dispatch publishes."""

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from chassis.delivery.envelope import Draft
from chassis.delivery.events import EventType, Moment
from chassis.masking import mask
from services.dispatch.consumed import READS as READS
from services.dispatch.domain.case import Fact
from services.dispatch.domain.duties import COMPLEXITIES
from services.dispatch.domain.handing_back import REASONS
from services.dispatch.domain.handling import MEANS, OUTCOMES
from services.dispatch.domain.organisation import KINDS, POSTS, Unit
from services.dispatch.domain.resident import DISSATISFIED
from services.dispatch.domain.states import VISIBLE
from services.dispatch.domain.visibility import seen_by


class CaseView(Schema):
    """What every event of dispatch about a case carries: the case as dispatch sees it, and `at`, when it happened."""

    at = Moment(required=True)
    number = fields.Str(required=True)
    state = fields.Str(required=True, validate=OneOf([state.value for state in VISIBLE]))
    unit = fields.Str(required=True, allow_none=True)
    unit_name = fields.Str(required=True, allow_none=True)
    helpers = fields.List(fields.Str(), required=True)
    category = fields.Str(required=True, allow_none=True)
    complexity = fields.Str(required=True, allow_none=True, validate=OneOf(COMPLEXITIES))
    priority = fields.Bool(required=True)
    sensitive = fields.Bool(required=True)
    restricted = fields.Bool(required=True)
    dispatched_at = Moment(required=True, allow_none=True)
    acknowledged_at = Moment(required=True, allow_none=True)
    contacted_at = Moment(required=True, allow_none=True)
    replied_at = Moment(required=True, allow_none=True)
    closed_at = Moment(required=True, allow_none=True)
    handed_back_at = Moment(allow_none=True, metadata={"description": "since when it waits for a ruling"})
    reopened_at = Moment(allow_none=True)
    withdrawn_at = Moment(allow_none=True)
    merged_into = fields.Str(allow_none=True, metadata={"description": "the number of the case that answers for it"})
    round = fields.Int(required=True)
    scopes = fields.List(fields.Str(), metadata={"description": "who may see the case and what belongs to it"})


class Triaged(CaseView):
    """The case was studied: the unit suggested, the rule that says so (Chinese), and whether it acts by itself."""

    suggestion = fields.Str(required=True, allow_none=True)
    rule = fields.Str(required=True)
    automatic = fields.Bool(required=True)


class Dispatched(CaseView):
    """The case was sent to its lead unit; of an import, at the time the import states.

    After a hand-back, `dispatched_by` is ruling and `dispatched_at` that of the first unit, because the deadline
    stays; `forced`: back to the unit that had handed it back.
    """

    dispatched_by = fields.Str(required=True, validate=OneOf(("rule", "centre", "import", "ruling")))
    forced = fields.Bool()
    imported = fields.Bool(required=True)


class Acknowledged(CaseView):
    """The lead unit confirmed receipt. No clock starts by it."""


class Contacted(CaseView):
    """The resident was told the process and the date (R25). Of an import only the time is known."""

    process = fields.Str(required=True)
    means = fields.Str(required=True, allow_none=True, validate=OneOf(MEANS))
    promised_at = Moment(required=True, allow_none=True)
    imported = fields.Bool(required=True)


class Replied(CaseView):
    """The lead unit answered; the centre has yet to review it. `text` is masked."""

    text = fields.Str(required=True)


class SentBack(CaseView):
    """The centre found the reply wanting: the case is being handled again, in the same round."""

    reason = fields.Str(required=True)


class Closed(CaseView):
    """Reply sent and review passed; `replied_at` is when the unit was done."""

    outcome = fields.Str(required=True, validate=OneOf(OUTCOMES))


class HandedBack(CaseView):
    """The lead unit says that the case is not its own; the centre has to rule. `reason` is masked."""

    reason_code = fields.Str(required=True, validate=OneOf(tuple(REASONS)))
    reason = fields.Str(required=True)


class Withdrawn(CaseView):
    """The resident took the letter back and nobody waits for it any more."""


class Merged(CaseView):
    """The case goes into another one, `into`; what that one's resident is told, this one's is told too."""

    into = fields.Str(required=True)


class Reopened(CaseView):
    """The resident was dissatisfied: the same unit handles the case again, in the next round."""

    grade = fields.Str(required=True, validate=OneOf(tuple(sorted(DISSATISFIED))))


class ContactPart(Schema):
    """One post of a unit and its service telephone."""

    name = fields.Str(required=True)
    mobile = fields.Str(required=True)


class UnitChanged(Schema):
    """A unit as it is now; subject is its code."""

    at = Moment(required=True)
    code = fields.Str(required=True)
    name = fields.Str(required=True)
    kind = fields.Str(required=True, validate=OneOf(KINDS))
    active = fields.Bool(required=True)
    contacts = fields.Dict(keys=fields.Str(validate=OneOf(POSTS)), values=fields.Nested(ContactPart), required=True)


UNIT_CHANGED = EventType("unit.changed", UnitChanged)
PUBLISHES = (
    EventType("case.triaged", Triaged),
    EventType("case.dispatched", Dispatched, public=True),
    EventType("case.acknowledged", Acknowledged, public=True),
    EventType("case.contacted", Contacted, public=True),
    EventType("case.replied", Replied),
    EventType("case.sent_back", SentBack, public=True),
    EventType("case.closed", Closed, public=True),
    EventType("case.handed_back", HandedBack),
    EventType("case.withdrawn", Withdrawn, public=True),
    EventType("case.merged", Merged, public=True),
    EventType("case.reopened", Reopened),
    UNIT_CHANGED,
)
_TYPES = {each.type: each for each in PUBLISHES}
_VIEW = tuple(name for name in CaseView().fields if name not in ("at", "scopes"))
_FREE_TEXT = ("process", "text", "reason")


def draft(fact: Fact) -> Draft:
    """The event as it leaves: the case of that moment, free text masked."""
    view = {name: getattr(fact.case, name) for name in _VIEW}
    payload = {**view, "at": fact.at, "scopes": seen_by(fact.case), **_masked(dict(fact.says))}
    return _TYPES[fact.type].draft(fact.case.number, fact.case.version, payload, restricted=fact.case.restricted)


def unit_draft(unit: Unit, at: Any) -> Draft:
    """`unit.changed` with the unit's full state."""
    payload = {"at": at, **{name: getattr(unit, name) for name in ("code", "name", "kind", "active", "contacts")}}
    return UNIT_CHANGED.draft(unit.code, unit.version, payload)


def _masked(says: dict[str, Any]) -> dict[str, Any]:
    return {**says, **{name: mask(says[name]) for name in _FREE_TEXT if name in says}}
