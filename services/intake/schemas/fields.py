"""Fields of what people type."""

from typing import Any

from marshmallow import ValidationError, fields

from services.intake.domain.identity import is_mobile, mobile_as_typed
from services.intake.domain.submission import clean_text


class Text(fields.String):
    """Free text, cleaned before it is measured."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return clean_text(super()._deserialize(value, attr, data, **kwargs))


class Line(Text):
    """Text on one line; each run of blanks becomes one blank."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return " ".join(super()._deserialize(value, attr, data, **kwargs).split())


class Mobile(fields.String):
    """A mainland mobile number, however it is typed; loaded as eleven digits (R11)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        mobile = mobile_as_typed(super()._deserialize(value, attr, data, **kwargs))
        if not is_mobile(mobile):
            raise ValidationError("请填写11位手机号码")
        return mobile
