"""The OpenAPI 3.1 document of a service: generated from its views, with the members every operation shares."""

from typing import Any

from flask import Flask, Response
from flask_smorest import Api as SmorestApi
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from chassis.web import problems


class FieldProblemSchema(Schema):
    """One field at fault."""

    field = fields.String(required=True, metadata={"description": "dotted path of the field"})
    code = fields.String(metadata={"description": "stable code, if the service names one"})
    message = fields.String(required=True, metadata={"description": "a sentence in Chinese"})


class ProblemSchema(Schema):
    """Problem details (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "urn:lianxin:problem:<code>"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True, metadata={"description": "stable code for programs"})
    detail = fields.String(required=True, metadata={"description": "a sentence in Chinese for people"})
    errors = fields.List(fields.Nested(FieldProblemSchema))
    data = fields.Dict(keys=fields.String())
    request_id = fields.String(required=True, allow_none=True)


class Api(SmorestApi):
    """flask-smorest's Api with problem details for every refusal."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> Response:
        return problems.from_http(error)


def create(app: Flask, name: str) -> Api:
    """The Api of service `name`, its document at `/api/<name>/v1/openapi.json`."""
    app.config |= {
        "API_TITLE": f"Lianxin {name}",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": f"/api/{name}/v1",
        "OPENAPI_JSON_PATH": "openapi.json",
    }
    api = Api(app)
    bearer: dict[str, Any] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    api.spec.components.security_scheme("bearer", bearer)
    return api
