"""What notify publishes, and what it reads of the events it consumes."""

from marshmallow import EXCLUDE, Schema, fields, validate

from chassis.delivery.events import EventType, Moment


class MessageSchema(Schema):
    """One message to one recipient; never its text, never a telephone number."""

    case = fields.String(required=True, metadata={"description": "the case's number"})
    template = fields.String(required=True)
    audience = fields.String(required=True, validate=validate.OneOf(["resident", "unit"]))
    recipient = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "null for the resident; for staff the post, such as C07/head"},
    )
    sms = fields.String(
        required=True, allow_none=True, metadata={"description": "the SMS that carried it; messages may share one"}
    )
    gateway = fields.String(required=True, allow_none=True)
    at = Moment(required=True, metadata={"description": "when the gateway took it, or when it was given up"})


class MessageFailedSchema(MessageSchema):
    """`reason` is the gateway's stable code, or `dropped` if an operator gave the message up."""

    reason = fields.String(required=True)


class BreachSchema(Schema):
    """The breach a letter is about. There is one letter per (case, kind, gen)."""

    kind = fields.String(required=True)
    gen = fields.Integer(required=True, strict=True)
    due = Moment(required=True)
    breached_at = Moment(required=True)


class LetterSchema(Schema):
    """The full view of a warning letter."""

    case = fields.String(required=True, metadata={"description": "the case's number"})
    unit = fields.String(required=True)
    unit_name = fields.String(required=True)
    state = fields.String(
        required=True, validate=validate.OneOf(["proposed", "signed", "issued", "acknowledged", "voided"])
    )
    letter_number = fields.String(
        required=True, allow_none=True, metadata={"description": "such as 宝新警示〔2026〕1号; null until signed"}
    )
    breach = fields.Nested(BreachSchema, required=True)
    at = Moment(required=True)


class LetterVoidedSchema(LetterSchema):
    """`cause` is `declined`, by a leader who gave a `reason`, or `retracted`, because the case was closed in time."""

    cause = fields.String(required=True, validate=validate.OneOf(["declined", "retracted"]))
    reason = fields.String(required=True, allow_none=True)


DELIVERED = EventType("message.delivered", MessageSchema)
FAILED = EventType("message.failed", MessageFailedSchema)
LETTER_PROPOSED = EventType("letter.proposed", LetterSchema)
LETTER_ISSUED = EventType("letter.issued", LetterSchema)
LETTER_ACKNOWLEDGED = EventType("letter.acknowledged", LetterSchema)
LETTER_VOIDED = EventType("letter.voided", LetterVoidedSchema)

PUBLISHES: tuple[EventType, ...] = (
    DELIVERED,
    FAILED,
    LETTER_PROPOSED,
    LETTER_ISSUED,
    LETTER_ACKNOWLEDGED,
    LETTER_VOIDED,
)


class _Consumed(Schema):
    """Part of another service's event; what is not named here is ignored."""

    class Meta:
        unknown = EXCLUDE


class CaseSubmitted(_Consumed):
    """Not who the resident is, only whether there is anybody to notify."""

    identity = fields.String(required=True)
    imported = fields.Raw(required=True, allow_none=True)


class CaseDispatched(_Consumed):
    restricted = fields.Boolean(required=True)


class CaseClosed(_Consumed):
    restricted = fields.Boolean(required=True)
    at = Moment(required=True)


class CaseWithdrawn(_Consumed):
    """From intake before acceptance, from dispatch after; only dispatch says whether the case is restricted."""

    restricted = fields.Boolean()


class _OfSla(_Consumed):
    unit = fields.String(required=True, allow_none=True)
    unit_name = fields.String(required=True, allow_none=True)
    restricted = fields.Boolean(required=True)


class ClockEvent(_OfSla):
    kind = fields.String(required=True)
    gen = fields.Integer(required=True)
    started_at = Moment(required=True)
    due = Moment(required=True)
    warn_at = Moment(required=True)
    silent = fields.Boolean(required=True)


class ClockBreached(ClockEvent):
    at = Moment(required=True)
    letter_after = fields.Float(load_default=0, metadata={"description": "seconds"})
    complexity = fields.String(required=True, allow_none=True)


class ClockChanged(ClockEvent):
    status = fields.String(required=True)
    at = Moment(required=True)


class CaseMarked(_OfSla):
    mark = fields.String(required=True)
    reason = fields.String(required=True)
    silent = fields.Boolean(required=True)


class UnitContact(_Consumed):
    name = fields.String(load_default="")
    mobile = fields.String(required=True)


class UnitChanged(_Consumed):
    code = fields.String(required=True)
    name = fields.String(required=True)
    active = fields.Boolean(required=True)
    contacts = fields.Dict(
        keys=fields.String(), values=fields.Nested(UnitContact, allow_none=True), required=True, allow_none=True
    )


READS: dict[tuple[str, str], type[Schema]] = {
    ("intake", "case.submitted"): CaseSubmitted,
    ("intake", "case.withdrawn"): CaseWithdrawn,
    ("dispatch", "case.dispatched"): CaseDispatched,
    ("dispatch", "case.closed"): CaseClosed,
    ("dispatch", "case.withdrawn"): CaseWithdrawn,
    ("dispatch", "unit.changed"): UnitChanged,
    ("sla", "clock.started"): ClockEvent,
    ("sla", "clock.breached"): ClockBreached,
    ("sla", "clock.retracted"): ClockEvent,
    ("sla", "clock.changed"): ClockChanged,
    ("sla", "case.marked"): CaseMarked,
}

ASKS = {"intake": ("contacts",)}
