"""The OpenAPI 3.1 document of a service: generated from its views, with the members every operation shares."""

from http import HTTPStatus
from typing import Any

from flask import Flask, Response
from flask_smorest import Api as SmorestApi
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from chassis.web import problems

HEADERS = {
    "Idempotency-Key": "the same key with the same body has its effect once, for 48 hours",
    "If-Match": "the ETag of the revision that was read; another one is refused with 412",
}


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


class Api(SmorestApi):  # type: ignore[misc]
    """flask-smorest's Api with problem details for every refusal."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> Response:
        return problems.from_http(error)

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            self.spec.components.response(status.name, _problem(status.phrase), lazy=True)
        self.spec.components.response("DEFAULT_ERROR", _problem("A refusal"), lazy=True)


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
    for header, about in HEADERS.items():
        schema = {"type": "string", "maxLength": 200}
        api.spec.components.parameter(header, "header", {"name": header, "description": about, "schema": schema})
    return api


def describe_operation(doc: dict[str, Any], info: dict[str, Any], *, method: str, **_: Any) -> dict[str, Any]:
    """Adds to an operation what the door does for it: the token it needs, the headers every command takes."""
    if "roles" in info:
        doc["security"] = [{"bearer": []}]
        doc["x-roles"] = list(info["roles"])
    if method == "post":
        doc["parameters"] = [*doc.get("parameters", []), *HEADERS]
    return doc


def _problem(about: str) -> dict[str, Any]:
    return {"description": about, "content": {problems.MEDIA_TYPE: {"schema": ProblemSchema}}}
