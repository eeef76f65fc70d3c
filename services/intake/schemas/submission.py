"""A letter as it comes in."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validates_schema
from marshmallow.validate import Length, OneOf

from services.intake.domain.case import Channel, Kind, Statement
from services.intake.domain.identity import Identity
from services.intake.domain.submission import Submission
from services.intake.schemas.fields import Line, Mobile, Text

_OPTIONAL = ("name", "mobile", "place", "community")
_WHO = {"name": "请填写姓名", "mobile": "请填写手机号码"}


class SubmissionSchema(Schema):
    """A letter. Only an anonymous writer may leave out `name` and `mobile`."""

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
        """A form sends an untouched field either not at all or as an empty text; both mean that it was left out."""
        if not isinstance(data, Mapping):
            return data
        return {field: value for field, value in data.items() if not (field in _OPTIONAL and _left_out(value))}

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def says_who(self, data: Mapping[str, Any], original: object, **kwargs: Any) -> None:
        if data.get("identity") == Identity.ANONYMOUS or not isinstance(original, Mapping):
            return
        if missing := {field: [sentence] for field, sentence in _WHO.items() if _left_out(original.get(field))}:
            raise ValidationError(missing)

    @post_load
    def submission(self, data: dict[str, Any], **kwargs: Any) -> Submission:
        statement = Statement(
            Kind(data["kind"]),
            data["description"],
            data["place"],
            data["community"],
            data["identity"],
            Channel(data["channel"]),
        )
        return Submission(statement, data["name"], data["mobile"])


def _left_out(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
