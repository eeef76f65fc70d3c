"""What the centre sends to decide about a case, and what it is shown."""

from typing import Any

from marshmallow import Schema, fields, post_load
from marshmallow.validate import Length, OneOf, Range

from chassis.delivery.events import Moment
from services.intake.domain.case import Reason, State
from services.intake.domain.requests import CaseListRequest, QrCodeRequest, RefusalRequest, RevealRequest
from services.intake.schemas.fields import Line
from services.intake.schemas.residents import AlarmSchema


class CaseListQuery(Schema):
    """A page of cases in order of arrival; `after` is the last number of the previous page."""

    state = fields.String(load_default=None, validate=OneOf(list(State)))
    after = fields.String(load_default=None, validate=Length(max=40))
    limit = fields.Integer(load_default=50, validate=Range(min=1, max=100))

    @post_load
    def request(self, data: dict[str, Any], **kwargs: Any) -> CaseListRequest:
        state = data["state"]
        return CaseListRequest(State(state) if state else None, data["after"], data["limit"])


class CaseListItem(Schema):
    """One case in the list, without its writer."""

    number = fields.String()
    channel = fields.String(attribute="statement.channel")
    kind = fields.String(attribute="statement.kind")
    identity = fields.String(attribute="statement.identity")
    community = fields.String(attribute="statement.community", allow_none=True)
    place = fields.String(attribute="statement.place")
    excerpt = fields.String(attribute="statement.excerpt")
    emergency = fields.Nested(AlarmSchema, attribute="alarm", allow_none=True)
    state = fields.String()
    submitted_at = Moment()
    accepted_at = Moment(allow_none=True)
    refused_at = Moment(allow_none=True)
    reason = fields.String(allow_none=True)
    revision = fields.Integer()


class CaseList(Schema):
    """A page of the list; `next` is the `after` of the next page, null on the last."""

    items = fields.List(fields.Nested(CaseListItem))
    next = fields.String(allow_none=True)


class CaseDetail(CaseListItem):
    """One case in full, its writer masked (`138****0001`)."""

    description = fields.String(attribute="statement.description")
    name = fields.String(allow_none=True)
    mobile = fields.String(allow_none=True)


class AcceptSchema(Schema):
    """An empty object: the address says it all."""


class RefuseSchema(Schema):
    reason = fields.String(required=True, validate=OneOf(list(Reason)))

    @post_load
    def request(self, data: dict[str, str], **kwargs: Any) -> RefusalRequest:
        return RefusalRequest(Reason(data["reason"]))


class QrCodeSchema(Schema):
    """A QR code to be printed; without a community it stands for the whole street."""

    community = fields.String(load_default=None, allow_none=True)
    place = Line(load_default="", validate=Length(max=200, error="地点至多200个字"))
    label = Line(required=True, validate=Length(min=1, max=60, error="名称须为1至60个字"))

    @post_load
    def request(self, data: dict[str, Any], **kwargs: Any) -> QrCodeRequest:
        return QrCodeRequest(**data)


class RevealSchema(Schema):
    """Why the full name and telephone are needed; kept in the access log."""

    reason = Line(required=True, validate=Length(min=2, max=200, error="请用2至200个字说明理由"))

    @post_load
    def request(self, data: dict[str, str], **kwargs: Any) -> RevealRequest:
        return RevealRequest(data["reason"])


class RevealedSchema(Schema):
    number = fields.String()
    name = fields.String(allow_none=True)
    mobile = fields.String(allow_none=True)
