"""What HTTP answers."""

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from chassis.delivery.events import Moment
from services.dispatch.domain.deadlines import MARKS


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
    """Open cases, and how many of them are yellow and red. `code` null: no unit yet, or community unknown."""

    code = fields.Str(allow_none=True)
    open = fields.Int()
    yellow = fields.Int()
    red = fields.Int()


class Wall(Schema):
    units = fields.List(fields.Nested(CountRow))
    communities = fields.List(fields.Nested(CountRow))


class NearRow(Schema):
    """A case that may be about the same matter, and why: same_telephone, same_place (with a similar text)."""

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
