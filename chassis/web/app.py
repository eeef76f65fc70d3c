"""The WSGI application of a service: every request is checked here, once for all views."""

import re
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NoReturn, cast

import flask
import marshmallow
from flask import Flask, Request, Response, current_app, g, request
from flask_smorest import Blueprint as SmorestBlueprint
from webargs.core import missing
from webargs.flaskparser import FlaskParser

from chassis import failpoints, logs, metrics
from chassis.database import Database
from chassis.settings import Settings, required
from chassis.web import callers, csrf, messages, openapi, problems, text
from chassis.web.problems import ErrorTable, Invalid, Refusal

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
DRAINED = 16 << 20
"""How much of a refused body, in bytes, is still listened to so that its sender hears why."""
MOST_FIELDS = 500
"""Fields of a form; the longest of ours, a bulk dispatch, has half of it."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Parser(FlaskParser):
    """Hands the checked body to the schema, and refuses fields that no schema knows, in queries too."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": None,
        "querystring": None,
    }

    def load_json(self, req: Request, schema: marshmallow.Schema) -> Any:
        body = json_body()
        return {} if body is missing else body

    def handle_error(
        self, error: marshmallow.ValidationError, req: Request, schema: marshmallow.Schema, **kwargs: Any
    ) -> NoReturn:
        by_location = cast(dict[str, Any], error.messages)
        raise Invalid([each for below in by_location.values() for each in messages.flatten(below)])


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """flask-smorest's blueprint with our parser. Without a `url_prefix` it stands under `/api/<service>/v1`."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(openapi.describe_operation)


def create_app(
    name: str,
    settings: Settings,
    database: Database,
    *,
    blueprints: Sequence[flask.Blueprint],
    errors: ErrorTable | None = None,
) -> Flask:
    """The front door of service `name`; views find `database` by `web.database()`.

    A `web.Blueprint` is described in the OpenAPI document at `/api/<name>/v1/openapi.json`; a plain Flask one
    (`chassis.pages.Blueprint`) is not. Raises SettingsError in production if tokens or forms could not be checked.
    """
    if settings.profile == "production":
        required(settings, "jwks", "token_issuer")
        if not all(isinstance(each, SmorestBlueprint) for each in blueprints):
            required(settings, "page_key")
    app = Flask(f"lianxin.{name}", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.body_limit
    app.json = _Json(app)
    app.extensions |= {
        "lianxin.settings": settings,
        "lianxin.database": database,
        "lianxin.tokens": callers.Tokens(settings),
        "lianxin.page_key": settings.page_key or secrets.token_urlsafe(32),
    }
    app.before_request(_begin)
    app.before_request(_check)
    app.after_request(_finish)
    api = openapi.create(app, name)
    with app.app_context():
        problems.install(errors or ErrorTable())
    for blueprint in blueprints:
        _register(app, api, blueprint, f"/api/{name}/v1")
    return app


def database() -> Database:
    """The database of the service that answers the current request."""
    return cast(Database, current_app.extensions["lianxin.database"])


def json_body() -> Any:
    """The JSON body of the current request, `missing` if it has none.

    Raises Refusal: `unsupported_media_type`, `bad_json` or `bad_text`.
    """
    if "json_body" not in g:
        g.json_body = _read_body()
    return g.json_body


class _Json(flask.json.provider.DefaultJSONProvider):
    ensure_ascii = False
    sort_keys = False
    compact = True


def _register(app: Flask, api: openapi.Api, blueprint: flask.Blueprint, root: str) -> None:
    if not isinstance(blueprint, SmorestBlueprint):
        app.register_blueprint(blueprint)
        return
    if not isinstance(blueprint, Blueprint):
        raise TypeError(f"blueprint {blueprint.name} must be a chassis.web.Blueprint, whose parser refuses bad input")
    api.register_blueprint(blueprint, url_prefix=blueprint.url_prefix or root)


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.started = time.perf_counter()
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    logs.bind(request_id=g.request_id)


def _check() -> None:
    text.check_address(request.environ.get("PATH_INFO", ""), request.query_string)
    _check_length(_limit_of_view())
    roles = callers.roles_of_view()
    if roles is not None:
        callers.admit(roles)
    if request.is_json:
        json_body()
    elif len(request.form) > MOST_FIELDS:
        raise Refusal("too_large")
    elif not csrf.is_exempt() and request.form and (field := text.find_bad_text(request.form.to_dict(flat=False))):
        raise Refusal("bad_text", field)


def _limit_of_view() -> int:
    """The largest body, in bytes: the view's own, its blueprint's, or the service's."""
    view = current_app.view_functions.get(request.endpoint or "")
    blueprint = current_app.blueprints.get(request.blueprint or "")
    limits = (getattr(each, "max_content_length", None) for each in (view, blueprint))
    limit: int = next((each for each in limits if each is not None), current_app.config["MAX_CONTENT_LENGTH"])
    return limit


def _check_length(limit: int) -> None:
    request.max_content_length = limit
    if request.headers.get("Transfer-Encoding") and request.content_length is None:
        _drain()
        raise Refusal("length_required")
    if (request.content_length or 0) > limit:
        _drain()
        raise Refusal("too_large")


def _drain() -> None:
    # A client that is still sending sees a broken connection instead of the answer, unless somebody listens.
    left = DRAINED if (request.content_length or 0) <= DRAINED else 0
    with suppress(OSError):
        while left > 0 and (piece := request.environ["wsgi.input"].read(min(left, 1 << 16))):
            left -= len(piece)


def _read_body() -> Any:
    if not request.content_length:
        return missing
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if not request.is_json or charset not in ("utf-8", "utf8") or encoding != "identity":
        raise Refusal("unsupported_media_type")
    return text.read_json(request.get_data())


def _finish(answer: Response) -> Response:
    if request.method != "GET" and answer.status_code < HTTPStatus.BAD_REQUEST:
        failpoints.hit("door.committed")
    csrf.remember(answer)
    for header, value in HEADERS.items():
        answer.headers.setdefault(header, value)
    answer.headers["X-Request-Id"] = g.get("request_id", "")
    labels: Mapping[str, str] = {"method": _method(), "endpoint": request.endpoint or "none"}
    metrics.HTTP_REQUESTS.labels(**labels, status=str(answer.status_code)).inc()
    metrics.HTTP_SECONDS.labels(**labels).observe(time.perf_counter() - g.get("started", time.perf_counter()))
    logs.unbind("request_id")
    return answer


def _method() -> str:
    # A client may send any word as its method; a label must not grow with what clients think of.
    return request.method if request.method in _METHODS else "other"
