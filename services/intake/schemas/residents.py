"""What a resident sends after the letter, and what a resident is shown."""

from typing import Any

from marshmallow import Schema, fields, post_load
from marshmallow.validate import Length, OneOf

from chassis.delivery.events import Moment
from services.intake.domain.holder import Grade
from services.intake.domain.requests import RatingRequest, SupplementRequest
from services.intake.schemas.fields import Text


class AlarmSchema(Schema):
    """Shown at once: the numbers to call, and the words that raised the alarm (X16)."""

    calls = fields.List(fields.String())
    words = fields.List(fields.String())


class ReceiptSchema(Schema):
    """What the resident takes away. The query code is shown here and sent by SMS, nowhere else."""

    number = fields.String()
    query_code = fields.String()
    state = fields.String()
    emergency = fields.Nested(AlarmSchema, allow_none=True)
    promised_accept_by = Moment()


class QueryCodeSchema(Schema):
    query_code = fields.String(required=True, data_key="Query-Code", validate=Length(max=64))

    @post_load
    def code(self, data: dict[str, str], **kwargs: Any) -> str:
        return data["query_code"]


class SupplementSchema(Schema):
    """What the resident adds to the letter."""

    text = Text(required=True, validate=Length(min=2, max=5_000, error="请用2至5000个字补充说明"))

    @post_load
    def request(self, data: dict[str, str], **kwargs: Any) -> SupplementRequest:
        return SupplementRequest(data["text"])


class WithdrawSchema(Schema):
    """An empty object: the address says it all."""


class RatingSchema(Schema):
    """How satisfied the resident is, and why."""

    grade = fields.String(required=True, validate=OneOf(list(Grade), error="请选择一个评价"))
    comment = Text(load_default="", validate=Length(max=500, error="评价说明至多500个字"))

    @post_load
    def request(self, data: dict[str, str], **kwargs: Any) -> RatingRequest:
        return RatingRequest(Grade(data["grade"]), data["comment"])


class StepSchema(Schema):
    step = fields.String()
    name = fields.String()
    at = Moment()


class RefusalSchema(Schema):
    reason = fields.String()
    sentence = fields.String()


class GivenRatingSchema(Schema):
    """The newest rating; `reopens`: it reopens the case."""

    grade = fields.String()
    name = fields.String()
    at = Moment()
    reopens = fields.Boolean()


class ResidentViewSchema(Schema):
    """The state of a case for the holder of its query code; nothing in it says who wrote the letter, or what."""

    number = fields.String()
    state = fields.String()
    state_name = fields.String()
    kind = fields.String()
    submitted_at = Moment()
    unit = fields.String(allow_none=True)
    promised_by = Moment(allow_none=True)
    process = fields.String(allow_none=True)
    told_by = Moment(allow_none=True)
    reply = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    refusal = fields.Nested(RefusalSchema, allow_none=True)
    earlier_replies = fields.List(fields.String())
    steps = fields.List(fields.Nested(StepSchema))
    emergency_calls = fields.List(fields.String())
    round = fields.Integer()
    can_supplement = fields.Boolean()
    can_withdraw = fields.Boolean()
    can_rate = fields.Boolean()
    rating_sentence = fields.String(allow_none=True)
    rating = fields.Nested(GivenRatingSchema, allow_none=True)
    withdrawal_asked = fields.Boolean()


class SupplementedSchema(ResidentViewSchema):
    """The case after the addition, and the alarm that the new words raise."""

    emergency = fields.Nested(AlarmSchema, allow_none=True)
