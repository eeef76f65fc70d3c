"""What the front door of sla takes and gives."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from chassis.delivery.events import Moment
from services.sla.domain.clock import Status
from services.sla.domain.limit import Complexity, Kind
from services.sla.domain.mark import Mark, Reason

MARKS, KINDS = [str(mark) for mark in Mark], [str(kind) for kind in Kind]
STATUSES = [str(status) for status in Status]


class ListQuery(Schema):
    """Which cases, those with the least time left first. `kind`: the time left of that clock instead of the nearest."""

    mark = fields.Str(load_default=None, validate=OneOf(MARKS))
    unit = fields.Str(load_default=None, validate=Length(1, 20))
    kind = fields.Str(load_default=None, validate=OneOf(KINDS))
    order = fields.Str(load_default="time_left", validate=OneOf(["time_left"]))
    after = fields.Str(load_default=None, validate=Length(1, 100), metadata={"description": "`next` of the last page"})
    limit = fields.Int(load_default=50, validate=Range(1, 200))


class CaseRow(Schema):
    """A case and the clock that ends next; a case with no clock running has none."""

    number = fields.Str()
    unit = fields.Str(allow_none=True)
    unit_name = fields.Str(allow_none=True)
    complexity = fields.Str(allow_none=True, validate=OneOf([str(each) for each in Complexity]))
    restricted = fields.Bool()
    mark = fields.Str(validate=OneOf(MARKS))
    reason = fields.Str(validate=OneOf([str(each) for each in Reason]))
    kind = fields.Str(allow_none=True, validate=OneOf(KINDS))
    due = Moment(allow_none=True)
    remaining_seconds = fields.Int(allow_none=True, metadata={"description": "Negative once overdue"})


class CasePage(Schema):
    cases = fields.List(fields.Nested(CaseRow))
    next = fields.Str(allow_none=True, metadata={"description": "`after` of the next page; null at the end"})


class ClockDetail(Schema):
    """A clock. `remaining_seconds` is null once it is over, and negative once overdue."""

    kind = fields.Str(validate=OneOf(KINDS))
    gen = fields.Int()
    status = fields.Str(validate=OneOf(STATUSES))
    rule = fields.Str()
    rule_version = fields.Int()
    started_at = Moment()
    warn_at = Moment()
    due = Moment()
    warned_at = Moment(allow_none=True)
    breached_at = Moment(allow_none=True)
    retracted = fields.Bool(metadata={"description": "The breach does not stand: it was done in time"})
    met_at = Moment(allow_none=True)
    remaining_seconds = fields.Int(allow_none=True)


class CaseDetail(Schema):
    """A case with all its clocks, in the order of its life."""

    number = fields.Str()
    unit = fields.Str(allow_none=True)
    unit_name = fields.Str(allow_none=True)
    complexity = fields.Str(allow_none=True, validate=OneOf([str(each) for each in Complexity]))
    restricted = fields.Bool()
    mark = fields.Str(validate=OneOf(MARKS))
    reason = fields.Str(validate=OneOf([str(each) for each in Reason]))
    risk = fields.Str(validate=OneOf(MARKS), metadata={"description": "The mark by risk alone"})
    time = fields.Str(validate=OneOf(MARKS), metadata={"description": "The mark by time alone"})
    clocks = fields.List(fields.Nested(ClockDetail))
