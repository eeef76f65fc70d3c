"""What notify publishes, and its own small reading of what it consumes."""

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
        metadata={"description": "null for the resident; the post for staff, as C07/head"},
    )
    sms = fields.String(
        required=True, allow_none=True, metadata={"description": "the SMS that carried it, several may share one"}
    )
    gateway = fields.String(required=True, allow_none=True)
    at = Moment(required=True, metadata={"description": "when the gateway took it, or when it was given up"})


class MessageFailedSchema(MessageSchema):
    """`reason`: the gateway's stable code, or `dropped` by a person."""

    reason = fields.String(required=True)


class BreachSchema(Schema):
    """The breach a letter is about: one letter per (case, kind, gen)."""

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
        required=True, allow_none=True, metadata={"description": "as 宝新警示〔2026〕1号, once signed"}
    )
    breach = fields.Nested(BreachSchema, required=True)
    at = Moment(required=True)


class LetterVoidedSchema(LetterSchema):
    """`declined` by a leader with a reason, or `retracted` because the case had been closed in time."""

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


class _Reading(Schema):
    class Meta:
        unknown = EXCLUDE


class SubmittedReading(_Reading):
    """Who wrote is not asked here; only whether there is anybody to tell."""

    identity = fields.String(required=True)
    imported = fields.Raw(required=True, allow_none=True)


class DispatchedReading(_Reading):
    restricted = fields.Boolean(required=True)


class ClosedReading(_Reading):
    restricted = fields.Boolean(required=True)
    at = Moment(required=True)


class WithdrawnReading(_Reading):
    """Of intake before it was accepted, of dispatch after; only dispatch says whether it is restricted."""

    restricted = fields.Boolean()


class _SlaReading(_Reading):
    unit = fields.String(required=True, allow_none=True)
    unit_name = fields.String(required=True, allow_none=True)
    restricted = fields.Boolean(required=True)


class ClockReading(_SlaReading):
    kind = fields.String(required=True)
    gen = fields.Integer(required=True)
    started_at = Moment(required=True)
    due = Moment(required=True)
    warn_at = Moment(required=True)
    silent = fields.Boolean(required=True)


class BreachedReading(ClockReading):
    at = Moment(required=True)
    letter_after = fields.Float(load_default=0, metadata={"description": "seconds"})
    complexity = fields.String(required=True, allow_none=True)


class ChangedReading(ClockReading):
    status = fields.String(required=True)
    at = Moment(required=True)


class MarkedReading(_SlaReading):
    mark = fields.String(required=True)
    reason = fields.String(required=True)
    silent = fields.Boolean(required=True)


class ContactReading(_Reading):
    name = fields.String(load_default="")
    mobile = fields.String(required=True)


class UnitReading(_Reading):
    code = fields.String(required=True)
    name = fields.String(required=True)
    active = fields.Boolean(required=True)
    contacts = fields.Dict(
        keys=fields.String(), values=fields.Nested(ContactReading, allow_none=True), required=True, allow_none=True
    )


READS: dict[tuple[str, str], type[Schema]] = {
    ("intake", "case.submitted"): SubmittedReading,
    ("intake", "case.withdrawn"): WithdrawnReading,
    ("dispatch", "case.dispatched"): DispatchedReading,
    ("dispatch", "case.closed"): ClosedReading,
    ("dispatch", "case.withdrawn"): WithdrawnReading,
    ("dispatch", "unit.changed"): UnitReading,
    ("sla", "clock.started"): ClockReading,
    ("sla", "clock.breached"): BreachedReading,
    ("sla", "clock.retracted"): ClockReading,
    ("sla", "clock.changed"): ChangedReading,
    ("sla", "case.marked"): MarkedReading,
}

ASKS = {"intake": ("contacts",)}
