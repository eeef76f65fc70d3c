"""What comes in and goes out over HTTP."""

from marshmallow import Schema, fields, validate

from chassis.delivery.events import Moment


class LetterQuery(Schema):
    """Which letters: one state, from the one behind `after` on."""

    state = fields.String(validate=validate.OneOf(["proposed", "signed", "issued", "acknowledged", "voided"]))
    after = fields.UUID(metadata={"description": "id of the last letter of the page before"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


class BreachAnswer(Schema):
    """The breach a letter is about."""

    kind = fields.String(required=True)
    gen = fields.Integer(required=True)
    due = Moment(required=True)
    breached_at = Moment(required=True)


class LetterAnswer(Schema):
    """A warning letter; `legal` names the commands its state allows."""

    id = fields.String(required=True)
    case = fields.String(required=True)
    unit = fields.String(required=True)
    unit_name = fields.String(required=True)
    state = fields.String(required=True)
    letter_number = fields.String(required=True, allow_none=True)
    breach = fields.Nested(BreachAnswer, required=True)
    revision = fields.Integer(required=True)
    proposed_at = Moment(required=True)
    signed_at = Moment(required=True, allow_none=True)
    issued_at = Moment(required=True, allow_none=True)
    acknowledged_at = Moment(required=True, allow_none=True)
    voided_at = Moment(required=True, allow_none=True)
    cause = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    sha256 = fields.String(required=True, allow_none=True, metadata={"description": "hash of the PDF's bytes"})
    legal = fields.List(fields.String(), required=True)


class LettersAnswer(Schema):
    """A page of letters, newest first; `after` asks for the next one and is null on the last."""

    letters = fields.List(fields.Nested(LetterAnswer), required=True)
    after = fields.String(required=True, allow_none=True)


class NothingMore(Schema):
    """A command without arguments."""


class DeclineBody(Schema):
    """Why the letter is not signed."""

    reason = fields.String(required=True, validate=validate.Length(min=2, max=500))


class MessageQuery(Schema):
    """Messages of one case."""

    case = fields.String(required=True, validate=validate.Length(min=1, max=40))


class MessageAnswer(Schema):
    """What was planned and done; never the text, never a telephone number."""

    id = fields.String(required=True)
    case = fields.String(required=True)
    event = fields.String(required=True)
    template = fields.String(required=True)
    audience = fields.String(required=True)
    recipient = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    sms = fields.String(required=True, allow_none=True)
    gateway = fields.String(required=True, allow_none=True)
    recorded_at = Moment(required=True)
    ended_at = Moment(required=True, allow_none=True)


class MessagesAnswer(Schema):
    """The messages of one case, oldest first."""

    messages = fields.List(fields.Nested(MessageAnswer), required=True)
