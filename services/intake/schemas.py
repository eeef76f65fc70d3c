"""What comes in over HTTP and what goes out."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validates_schema
from marshmallow.validate import Length, OneOf, Range

from chassis.delivery.events import Moment
from services.intake.domain.case import Channel, Kind, Letter, Reason, State
from services.intake.domain.holder import Grade
from services.intake.domain.identity import Identity, is_mobile, mobile_as_typed
from services.intake.domain.submission import Submission, as_kept

_OPTIONAL = ("name", "mobile", "place", "community")
_WHO = {"name": "请填写姓名", "mobile": "请填写手机号码"}


class Text(fields.String):
    """Free text, measured as it is kept."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return as_kept(super()._deserialize(value, attr, data, **kwargs))


class Line(Text):
    """Text on one line, blanks inside made one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return " ".join(super()._deserialize(value, attr, data, **kwargs).split())


class Mobile(fields.String):
    """A mainland mobile number however it is typed; eleven digits afterwards (R11)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        mobile = mobile_as_typed(super()._deserialize(value, attr, data, **kwargs))
        if not is_mobile(mobile):
            raise ValidationError("请填写11位手机号码")
        return mobile


class SubmissionSchema(Schema):
    """A letter. `name` and `mobile` may be left out only by an anonymous writer."""

    kind = fields.String(required=True, validate=OneOf(list(Kind)))
    name = Line(load_default=None, validate=Length(min=1, max=50, error="姓名须为1至50个字"))
    mobile = Mobile(load_default=None)
    description = Text(required=True, validate=Length(min=2, max=10_000, error="请用2至10000个字说明问题"))
    place = Line(load_default="", validate=Length(max=200, error="地点至多200个字"))
    community = fields.String(load_default=None, allow_none=True)
    identity = fields.String(load_default=Identity.NAMED.value, validate=OneOf(list(Identity)))
    channel = fields.String(
        load_default=Channel.MAILBOX.value, validate=OneOf([each for each in Channel if each is not Channel.IMPORT])
    )

    @pre_load
    def left_empty(self, data: Any, **kwargs: Any) -> Any:
        """A form sends an untouched field as nothing or as an empty text; both mean that it was left out."""
        if not isinstance(data, Mapping):
            return data
        return {field: value for field, value in data.items() if not (field in _OPTIONAL and _left_out(value))}

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def says_who(self, data: Mapping[str, Any], original: object, **kwargs: Any) -> None:
        if data.get("identity") == Identity.ANONYMOUS or not isinstance(original, Mapping):
            return
        if missing := {field: [said] for field, said in _WHO.items() if _left_out(original.get(field))}:
            raise ValidationError(missing)

    @post_load
    def letter(self, data: dict[str, Any], **kwargs: Any) -> Submission:
        letter = Letter(
            Kind(data["kind"]),
            data["description"],
            data["place"],
            data["community"],
            data["identity"],
            Channel(data["channel"]),
        )
        return Submission(letter, data["name"], data["mobile"])


def _left_out(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


class AlarmSchema(Schema):
    """Shown at once: the numbers to call and the words that raised the doubt (X16)."""

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


class SupplementSchema(Schema):
    """What the resident adds to the letter."""

    text = Text(required=True, validate=Length(min=2, max=5_000, error="请用2至5000个字补充说明"))


class WithdrawSchema(Schema):
    """Nothing to say: the command is the address."""


class RatingSchema(Schema):
    """How satisfied the resident is, and why."""

    grade = fields.String(required=True, validate=OneOf(list(Grade), error="请选择一个评价"))
    comment = Text(load_default="", validate=Length(max=500, error="评价说明至多500个字"))


class StepSchema(Schema):
    step = fields.String()
    name = fields.String()
    at = Moment()


class RefusalSchema(Schema):
    reason = fields.String()
    sentence = fields.String()


class GivenRatingSchema(Schema):
    """The newest rating; `reopens`: the case is done again because of it."""

    grade = fields.String()
    name = fields.String()
    at = Moment()
    reopens = fields.Boolean()


class ResidentViewSchema(Schema):
    """How a case stands, for the holder of its query code: nothing in it says who wrote it or what."""

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


class DeskQuery(Schema):
    """A page of the desk's list in order of arrival; `after` is the last number of the page before."""

    state = fields.String(load_default=None, validate=OneOf(list(State)))
    after = fields.String(load_default=None, validate=Length(max=40))
    limit = fields.Integer(load_default=50, validate=Range(min=1, max=100))


class DeskItem(Schema):
    """One case in the desk's list, without its writer."""

    number = fields.String()
    channel = fields.String(attribute="letter.channel")
    kind = fields.String(attribute="letter.kind")
    identity = fields.String(attribute="letter.identity")
    community = fields.String(attribute="letter.community", allow_none=True)
    place = fields.String(attribute="letter.place")
    excerpt = fields.String(attribute="letter.excerpt")
    emergency = fields.Nested(AlarmSchema, attribute="alarm", allow_none=True)
    state = fields.String()
    submitted_at = Moment()
    accepted_at = Moment(allow_none=True)
    refused_at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)
    revision = fields.Integer()


class DeskPage(Schema):
    """`next` is the `after` of the next page, null on the last."""

    items = fields.List(fields.Nested(DeskItem))
    next = fields.String(allow_none=True)


class DeskCase(DeskItem):
    """One case in full; its writer masked (`138****0001`)."""

    description = fields.String(attribute="letter.description")
    name = fields.String(allow_none=True)
    mobile = fields.String(allow_none=True)


class AcceptSchema(Schema):
    """Nothing to say: the command is the address."""


class RefuseSchema(Schema):
    reason = fields.String(required=True, validate=OneOf(list(Reason)))


class QrCodeSchema(Schema):
    """A QR code to be printed; without a community it is the street's."""

    community = fields.String(load_default=None, allow_none=True)
    place = Line(load_default="", validate=Length(max=200, error="地点至多200个字"))
    label = Line(required=True, validate=Length(min=1, max=60, error="名称须为1至60个字"))


class RevealSchema(Schema):
    """Why the full name and telephone are needed; kept in the access log."""

    reason = Line(required=True, validate=Length(min=2, max=200, error="请用2至200个字说明理由"))


class RevealedSchema(Schema):
    number = fields.String()
    name = fields.String(allow_none=True)
    mobile = fields.String(allow_none=True)


class MediaAnswer(Schema):
    """One photo or video. Time (UTC) and place (WGS 84, degrees) of the picture are there with consent only."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    said = fields.String(required=True, metadata={"description": "one sentence in Chinese about how it stands"})
    stage = fields.String(required=True)
    unit = fields.String(required=True, allow_none=True)
    bound_at = Moment(required=True)
    taken_at = Moment(required=True, allow_none=True)
    latitude = fields.Float(required=True, allow_none=True)
    longitude = fields.Float(required=True, allow_none=True)
    width = fields.Integer(required=True, allow_none=True)
    height = fields.Integer(required=True, allow_none=True)
    seconds = fields.Float(required=True, allow_none=True)


class CaseMedia(Schema):
    """The files of a case, in the order they were added."""

    items = fields.List(fields.Nested(MediaAnswer), required=True)
