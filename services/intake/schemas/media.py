"""Photos and videos as officers' programs read them."""

from marshmallow import Schema, fields

from chassis.delivery.events import Moment


class MediaAnswer(Schema):
    """One photo or video. When (UTC) and where (WGS 84, degrees) it was taken is given only with consent."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    said = fields.String(required=True, metadata={"description": "one sentence in Chinese about its state"})
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
