"""Requests and answers of the HTTP API."""

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from chassis.delivery.events import Moment
from services.notify.domain.letter import State


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPage:
    """A page of letters: at most `limit` in `state`, from the one following the letter `after`.

    None means: in any state, from the first.
    """

    state: State | None
    after: str | None
    limit: int


class LetterQuery(Schema):
    """Which letters: those in one state, from the one following `after`."""

    state = fields.String(validate=validate.OneOf([state.value for state in State]))
    after = fields.UUID(metadata={"description": "id of the last letter of the previous page"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))

    @post_load
    def page(self, data: dict[str, Any], **_: Any) -> LetterPage:
        state, after = data.get("state"), data.get("after")
        return LetterPage(
            state=State(state) if state else None, after=str(after) if after else None, limit=data["limit"]
        )


class BreachAnswer(Schema):
    """The breach a letter is about."""

    kind = fields.String(required=True)
    gen = fields.Integer(required=True)
    due = Moment(required=True)
    breached_at = Moment(required=True)


class LetterAnswer(Schema):
    """A warning letter. `legal` names the commands its state allows."""

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
    """A page of letters, newest first. `after` asks for the next page and is null on the last one."""

    letters = fields.List(fields.Nested(LetterAnswer), required=True)
    after = fields.String(required=True, allow_none=True)


class NothingMore(Schema):
    """A command without arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline:
    """A leader declines to sign, for `reason`."""

    reason: str


class DeclineBody(Schema):
    """Why the letter is not signed."""

    reason = fields.String(required=True, validate=validate.Length(min=2, max=500))

    @post_load
    def decline(self, data: dict[str, Any], **_: Any) -> Decline:
        return Decline(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMessages:
    """The messages of the case with the number `case`."""

    case: str


class MessageQuery(Schema):
    """Messages of one case."""

    case = fields.String(required=True, validate=validate.Length(min=1, max=40))

    @post_load
    def messages(self, data: dict[str, Any], **_: Any) -> CaseMessages:
        return CaseMessages(**data)


class MessageAnswer(Schema):
    """A message and what became of it; never its text, never a telephone number."""

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
