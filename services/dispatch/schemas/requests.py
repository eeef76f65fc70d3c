"""What HTTP and the pages' forms bring, checked and turned into the requests of the domain."""

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, OneOf, Range

from chassis.delivery.events import Moment
from services.dispatch.domain import requests
from services.dispatch.domain.deadlines import MARKS
from services.dispatch.domain.duties import COMPLEXITIES
from services.dispatch.domain.handing_back import REASONS
from services.dispatch.domain.handling import MEANS, OUTCOMES
from services.dispatch.domain.states import VISIBLE
from services.dispatch.domain.work import KINDS as WORK

CODE = Length(1, 20)
STATE = OneOf([state.value for state in VISIBLE])
DECISION_NEEDS = {"close": "outcome", "send_back": "reason"}


class Written(fields.Str):
    """Text that a person wrote: blanks around it are dropped, and blanks alone are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        written = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        if not written:
            raise ValidationError("不能为空白")
        return written


class TupleOf(fields.List):  # type: ignore[type-arg]
    """A list, loaded as a tuple."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return tuple(super()._deserialize(value, attr, data, **kwargs))


MEDIA = TupleOf(fields.Str(validate=Length(1, 64)), load_default=(), validate=Length(max=9))


class RequestSchema(Schema):
    """Loads to a value of `request`."""

    request: ClassVar[type[object]]

    @post_load
    def to_request(self, body: dict[str, Any], **kwargs: Any) -> Any:
        return self.request(**body)


class DispatchBody(RequestSchema):
    """The centre's order. What is left out stays as triage found it."""

    request: ClassVar[type[object]] = requests.Dispatch

    unit = fields.Str(required=True, validate=CODE)
    complexity = fields.Str(required=True, validate=OneOf(COMPLEXITIES))
    helpers = TupleOf(fields.Str(validate=CODE), validate=Length(max=10))
    category = fields.Str(validate=Length(1, 40))
    priority = fields.Bool()
    sensitive = fields.Bool()
    restricted = fields.Bool()


class AcknowledgeBody(RequestSchema):
    """A receipt needs no words."""

    request = requests.Acknowledge


class ContactBody(RequestSchema):
    """What the resident was told, by which means, and the date promised."""

    request = requests.Contact

    process = Written(required=True, validate=Length(2, 1000))
    means = fields.Str(required=True, validate=OneOf(MEANS))
    promised_at = Moment(load_default=None, allow_none=True)


class ReplyBody(RequestSchema):
    """The unit's answer, as the resident will read it; `media` are intake's ids of its photos."""

    request = requests.Reply

    text = Written(required=True, validate=Length(5, 5000))
    media = MEDIA


class HandBackBody(RequestSchema):
    """Why the case is not the unit's."""

    request = requests.HandBack

    reason_code = fields.Str(required=True, validate=OneOf(tuple(REASONS)))
    reason = Written(required=True, validate=Length(2, 1000))


class RulingBody(DispatchBody):
    """The centre's ruling on a hand-back: another unit, or the same one by force, and why."""

    request: ClassVar[type[object]] = requests.Rule

    complexity = fields.Str(validate=OneOf(COMPLEXITIES))
    reason = Written(required=True, validate=Length(2, 1000))


class MergeBody(RequestSchema):
    """The number of the case that will answer for both."""

    request = requests.Merge

    into = fields.Str(required=True, validate=Length(1, 40))


class HandlerBody(RequestSchema):
    """Who in the unit works on the case."""

    request = requests.NameHandler

    name = Written(required=True, validate=Length(1, 40))


class WorkBody(RequestSchema):
    """What was done; `media` are intake's ids of the photos."""

    request = requests.RecordWork

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

    @post_load
    def to_request(self, body: dict[str, Any], **kwargs: Any) -> requests.Close | requests.SendBack:
        return requests.Close(body["outcome"]) if body["decision"] == "close" else requests.SendBack(body["reason"])


class ListQuery(RequestSchema):
    """Which cases, in which order; `after` is the `next` of the page before."""

    request = requests.CaseList

    state = fields.Str(load_default=None, validate=STATE)
    open = fields.Bool(load_default=False, metadata={"description": "only cases that are still open"})
    unit = fields.Str(load_default=None, validate=CODE)
    community = fields.Str(load_default=None, validate=CODE)
    mark = fields.Str(load_default=None, validate=OneOf(MARKS))
    sort = fields.Str(load_default="number", validate=OneOf(("number", "time_left")))
    after = fields.Str(load_default="", validate=Length(max=80))
    limit = fields.Int(load_default=50, validate=Range(1, 200))


class SearchBody(RequestSchema):
    """What to look for; all of it must hold. In a body, because officers type names."""

    request = requests.Search

    words = fields.Str(load_default="", validate=Length(max=100))
    number = fields.Str(load_default=None, allow_none=True, validate=Length(2, 40))
    state = fields.Str(load_default=None, allow_none=True, validate=STATE)
    unit = fields.Str(load_default=None, allow_none=True, validate=CODE)
    since = Moment(load_default=None, allow_none=True)
    until = Moment(load_default=None, allow_none=True)
    after = fields.Str(load_default=None, allow_none=True, validate=Length(max=40))
    limit = fields.Int(load_default=50, validate=Range(1, 200))


class BulkBody(RequestSchema):
    """The waiting cases to send where triage suggests."""

    request = requests.BulkDispatch

    numbers = TupleOf(fields.Str(validate=Length(1, 40)), required=True, validate=Length(1, requests.BULK_LIMIT))
