"""What dispatch reads of the events of intake and sla."""

from marshmallow import EXCLUDE, Schema, fields
from marshmallow.validate import OneOf

from chassis.delivery.events import Moment
from services.dispatch.domain.deadlines import MARKS
from services.dispatch.domain.duties import COMPLEXITIES


class _Consumed(Schema):
    """Part of another service's event; what is not named here is ignored."""

    class Meta:
        unknown = EXCLUDE


class CaseSubmitted(_Consumed):
    channel = fields.Str(required=True)
    kind = fields.Str(required=True)
    text = fields.Str(required=True)
    place = fields.Str(load_default="")
    community = fields.Str(load_default=None, allow_none=True)
    emergency = fields.Bool(required=True)
    submitted_at = Moment(required=True)
    same_telephone = fields.List(fields.Str(), load_default=list)


class ImportedPart(_Consumed):
    unit = fields.Str(required=True)
    complexity = fields.Str(required=True, validate=OneOf(COMPLEXITIES))
    dispatched_at = Moment(required=True)
    contacted_at = Moment(load_default=None, allow_none=True)


class CaseAccepted(_Consumed):
    accepted_at = Moment(required=True)
    imported = fields.Nested(ImportedPart, load_default=None, allow_none=True)


class CaseRefused(_Consumed):
    """The type says all that dispatch needs."""


class CaseSupplemented(_Consumed):
    at = Moment(required=True)
    text = fields.Str(load_default="")
    media = fields.Int(load_default=0)


class WithdrawalAsked(_Consumed):
    """The type says all that dispatch needs."""


class CaseRated(_Consumed):
    grade = fields.Str(required=True)
    comment = fields.Str(load_default="")
    round = fields.Int(required=True)


class CaseMarked(_Consumed):
    mark = fields.Str(required=True, validate=OneOf(MARKS))


class ClockEvent(CaseMarked):
    """A clock after whatever happened to it."""

    kind = fields.Str(required=True)
    gen = fields.Int(required=True)
    status = fields.Str(required=True)
    due = Moment(required=True)


CLOCK_EVENTS = ("started", "changed", "warned", "breached", "met", "retracted")
READS: dict[tuple[str, str], type[Schema]] = {
    ("intake", "case.submitted"): CaseSubmitted,
    ("intake", "case.accepted"): CaseAccepted,
    ("intake", "case.refused"): CaseRefused,
    ("intake", "case.supplemented"): CaseSupplemented,
    ("intake", "case.withdrawal_asked"): WithdrawalAsked,
    ("intake", "case.rated"): CaseRated,
    ("sla", "case.marked"): CaseMarked,
    **{("sla", f"clock.{name}"): ClockEvent for name in CLOCK_EVENTS},
}
