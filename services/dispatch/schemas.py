"""What HTTP brings and gets."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Range

from chassis.delivery.events import Moment
from services.dispatch.domain.case import MEANS, OUTCOMES, VISIBLE
from services.dispatch.domain.deadlines import MARKS
from services.dispatch.domain.detours import REASONS
from services.dispatch.domain.duties import COMPLEXITIES
from services.dispatch.domain.work import KINDS as WORK

CODE = Length(1, 20)
DECISION_NEEDS = {"close": "outcome", "send_back": "reason"}


class Written(fields.Str):
    """Text that a person wrote: blanks around it go, and blanks alone are nothing."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        written = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        if not written:
            raise ValidationError("不能为空白")
        return written


MEDIA = fields.List(fields.Str(validate=Length(1, 64)), load_default=list, validate=Length(max=9))


class DispatchBody(Schema):
    """The centre's order. What is left out stays as triage found it."""

    unit = fields.Str(required=True, validate=CODE)
    complexity = fields.Str(required=True, validate=OneOf(COMPLEXITIES))
    helpers = fields.List(fields.Str(validate=CODE), validate=Length(max=10))
    category = fields.Str(validate=Length(1, 40))
    priority = fields.Bool()
    sensitive = fields.Bool()
    restricted = fields.Bool()


class AcknowledgeBody(Schema):
    """Receipt needs no words."""


class ContactBody(Schema):
    """What the resident was told, by which means, and the date promised."""

    process = Written(required=True, validate=Length(2, 1000))
    means = fields.Str(required=True, validate=OneOf(MEANS))
    promised_at = Moment(load_default=None, allow_none=True)


class ReplyBody(Schema):
    """The unit's answer, as the resident will read it; `media` are intake's ids of its photos."""

    text = Written(required=True, validate=Length(5, 5000))
    media = MEDIA


class HandBackBody(Schema):
    """Why the case is not the unit's."""

    reason_code = fields.Str(required=True, validate=OneOf(tuple(REASONS)))
    reason = Written(required=True, validate=Length(2, 1000))


class RulingBody(DispatchBody):
    """The centre's word on a hand-back: the unit, its own code for a forced dispatch, and why."""

    complexity = fields.Str(validate=OneOf(COMPLEXITIES))
    reason = Written(required=True, validate=Length(2, 1000))


class MergeBody(Schema):
    """The number of the case that will answer for both."""

    into = fields.Str(required=True, validate=Length(1, 40))


class HandlerBody(Schema):
    """Who in the unit works on it."""

    name = Written(required=True, validate=Length(1, 40))


class WorkBody(Schema):
    """What was done; `media` are intake's ids of the photos."""

    kind = fields.Str(load_default="note", validate=OneOf(tuple(WORK)))
    text = Written(required=True, validate=Length(2, 2000))
    media = MEDIA


class ReviewBody(Schema):
    """The centre's check of a reply: closed with an outcome, or sent back with a reason."""

    decision = fields.Str(required=True, validate=OneOf(tuple(DECISION_NEEDS)))
    outcome = fields.Str(load_default=None, allow_none=True, validate=OneOf(OUTCOMES))
    reason = Written(load_default=None, allow_none=True, validate=Length(2, 1000))

    @validates_schema
    def check_decision(self, body: dict[str, Any], **kwargs: Any) -> None:
        needed = DECISION_NEEDS[body["decision"]]
        if body.get(needed) is None:
            raise ValidationError("必填", needed)


class ListQuery(Schema):
    """Which cases, in which order; pages follow each other by `after`, the `next` of the page before."""

    state = fields.Str(load_default=None, validate=OneOf(VISIBLE))
    open = fields.Bool(load_default=False, metadata={"description": "only what is still to be done"})
    unit = fields.Str(load_default=None, validate=CODE)
    community = fields.Str(load_default=None, validate=CODE)
    mark = fields.Str(load_default=None, validate=OneOf(MARKS))
    sort = fields.Str(load_default="number", validate=OneOf(("number", "time_left")))
    after = fields.Str(load_default="", validate=Length(max=80))
    limit = fields.Int(load_default=50, validate=Range(1, 200))


class SearchBody(Schema):
    """What to look for; all of it must hold. In a body, because officers type names."""

    words = fields.Str(load_default="", validate=Length(max=100))
    number = fields.Str(load_default=None, allow_none=True, validate=Length(2, 40))
    state = fields.Str(load_default=None, allow_none=True, validate=OneOf(VISIBLE))
    unit = fields.Str(load_default=None, allow_none=True, validate=CODE)
    since = Moment(load_default=None, allow_none=True)
    until = Moment(load_default=None, allow_none=True)
    after = fields.Str(load_default=None, allow_none=True, validate=Length(max=40))
    limit = fields.Int(load_default=50, validate=Range(1, 200))


class BulkBody(Schema):
    """The waiting cases to send where triage suggests."""

    numbers = fields.List(fields.Str(validate=Length(1, 40)), required=True, validate=Length(1, 100))


class OutcomeRow(Schema):
    """What became of one case: the unit it went to, or the code and sentence of the refusal."""

    number = fields.Str()
    unit = fields.Str(allow_none=True)
    code = fields.Str(allow_none=True)
    sentence = fields.Str(allow_none=True)


class BulkAnswer(Schema):
    outcomes = fields.List(fields.Nested(OutcomeRow))


class CaseRow(Schema):
    """A case in a list."""

    number = fields.Str()
    state = fields.Str()
    kind = fields.Str(allow_none=True)
    channel = fields.Str(allow_none=True)
    community = fields.Str(allow_none=True)
    place = fields.Str(allow_none=True)
    emergency = fields.Bool(allow_none=True)
    submitted_at = Moment(allow_none=True)
    accepted_at = Moment(allow_none=True)
    unit = fields.Str(allow_none=True)
    unit_name = fields.Str(allow_none=True)
    helpers = fields.List(fields.Str())
    category = fields.Str(allow_none=True)
    complexity = fields.Str(allow_none=True)
    priority = fields.Bool()
    sensitive = fields.Bool()
    restricted = fields.Bool()
    suggestion = fields.Str(allow_none=True, metadata={"description": "the unit that triage suggests"})
    rule = fields.Str(allow_none=True, metadata={"description": "the rule that chose it, and why the centre must look"})
    dispatched_at = Moment(allow_none=True)
    acknowledged_at = Moment(allow_none=True)
    contacted_at = Moment(allow_none=True)
    promised_at = Moment(allow_none=True)
    replied_at = Moment(allow_none=True)
    closed_at = Moment(allow_none=True)
    handed_back_at = Moment(allow_none=True)
    reopened_at = Moment(allow_none=True)
    withdrawn_at = Moment(allow_none=True)
    merged_into = fields.Str(allow_none=True)
    handler = fields.Str(allow_none=True, metadata={"description": "who in the unit works on it"})
    round = fields.Int()
    revision = fields.Int()
    mark = fields.Str(validate=OneOf(MARKS))
    close_due = Moment(allow_none=True, metadata={"description": "what the resident is promised"})
    next_due = Moment(allow_none=True, metadata={"description": "the limit that ends first"})
    next_kind = fields.Str(allow_none=True, metadata={"description": "of which clock"})
    legal = fields.List(fields.Str(), metadata={"description": "the commands that this state allows"})


class WorkLine(Schema):
    """One step of a case: what happened, when, who did it and in what words; `seq` null for what no event tells."""

    seq = fields.Int(allow_none=True)
    type = fields.Str()
    at = Moment()
    who = fields.Str()
    says = fields.Dict(keys=fields.Str())


class SupplementLine(Schema):
    """What the resident added to the letter: masked words, which may be empty, and how many files came with them."""

    at = Moment()
    text = fields.Str()
    media = fields.Int()


class CaseDetail(CaseRow):
    """A case in full, the letter masked as intake sent it."""

    text = fields.Str(allow_none=True)
    supplements = fields.List(fields.Nested(SupplementLine), metadata={"description": "newest last"})
    process = fields.Str(allow_none=True)
    reply = fields.Str(allow_none=True)
    outcome = fields.Str(allow_none=True)
    followers = fields.List(fields.Str(), metadata={"description": "cases that wait for this one's answer"})
    log = fields.List(fields.Nested(WorkLine))


class CasePage(Schema):
    cases = fields.List(fields.Nested(CaseRow))
    next = fields.Str(allow_none=True, metadata={"description": "the `after` of the next page; null on the last"})


class CountRow(Schema):
    """Open cases, and how many of them are yellow and red. `code` null: no unit yet, or no community told."""

    code = fields.Str(allow_none=True)
    open = fields.Int()
    yellow = fields.Int()
    red = fields.Int()


class Wall(Schema):
    units = fields.List(fields.Nested(CountRow))
    communities = fields.List(fields.Nested(CountRow))


class NearRow(Schema):
    """A case that may be about the same, and why: same_telephone, same_place (with a similar text)."""

    case = fields.Nested(CaseRow)
    reasons = fields.List(fields.Str())
    likeness = fields.Float(metadata={"description": "share of common pairs of characters, 0 to 1"})


class NearList(Schema):
    near = fields.List(fields.Nested(NearRow))


class UnitRow(Schema):
    """A unit; its telephones are not for lists."""

    code = fields.Str()
    name = fields.Str()
    kind = fields.Str()
    active = fields.Bool()


class UnitList(Schema):
    units = fields.List(fields.Nested(UnitRow))


class DutyRow(Schema):
    """An item of the duty list; one with `valid_to` in the past is kept for old cases."""

    code = fields.Str()
    category = fields.Str()
    name = fields.Str()
    keywords = fields.List(fields.Str())
    examples = fields.List(fields.Str())
    lead = fields.Str(metadata={"description": "a unit's code, or community: the community of the place"})
    helpers = fields.List(fields.Str())
    complexity = fields.Str()
    priority = fields.Bool()
    sensitive = fields.Bool()
    legal_basis = fields.Str()
    valid_from = fields.Date()
    valid_to = fields.Date(allow_none=True)


class DutyListBody(Schema):
    version = fields.Str()
    duties = fields.List(fields.Nested(DutyRow))
