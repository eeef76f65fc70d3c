"""Every refusal as problem details (RFC 9457), from one table: code → status, code → Chinese sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

from flask import Response, current_app, g, request
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from chassis import logs
from chassis.errors import DomainError

log = logs.get(__name__)

MEDIA_TYPE = "application/problem+json"

STATUSES: dict[str, int] = {
    "bad_request": 400,
    "bad_text": 400,
    "bad_json": 400,
    "bad_idempotency_key": 400,
    "bad_revision": 400,
    "unauthorised": 401,
    "forbidden": 403,
    "bad_csrf_token": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "length_required": 411,
    "stale": 412,
    "too_large": 413,
    "address_too_long": 414,
    "unsupported_media_type": 415,
    "invalid": 422,
    "idempotency_key_reused": 422,
    "too_many_requests": 429,
    "headers_too_large": 431,
    "internal": 500,
    "unavailable": 503,
}

SENTENCES: dict[str, str] = {
    "bad_request": "请求无法理解。",
    "bad_text": "内容含有无法保存的字符，请删除后重试。",
    "bad_json": "提交的内容不是有效的 JSON。",
    "bad_idempotency_key": "Idempotency-Key 须为 1 至 200 个可见的英文字符。",
    "bad_revision": "If-Match 不是本系统给出的版本号。",
    "unauthorised": "请先登录，或登录已过期。",
    "forbidden": "您没有办理此事的权限。",
    "bad_csrf_token": "页面已过期，请返回上一页，刷新后再提交。",
    "not_found": "没有这个地址。",
    "method_not_allowed": "此地址不支持这种操作。",
    "not_acceptable": "无法按要求的格式答复。",
    "length_required": "请求须注明长度（Content-Length）。",
    "stale": "内容已被他人更新，请刷新后再试。",
    "too_large": "提交的内容过大。",
    "address_too_long": "请求地址过长。",
    "unsupported_media_type": "提交的内容须为 UTF-8 编码的 application/json。",
    "invalid": "提交的内容有误，请按提示修改。",
    "idempotency_key_reused": "同一个 Idempotency-Key 已用于另一份内容。",
    "too_many_requests": "操作过于频繁，请稍后再试。",
    "headers_too_large": "请求头过大。",
    "internal": "系统出错，请稍后再试。",
    "unavailable": "系统暂时繁忙，请稍后再试。",
}
REFUSED = "请求未被受理。"


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """A service's own refusals.

    A sentence may name members of the error's data, lists too: `"当前状态为 {state}，可以：{legal}。"`.
    """

    statuses: Mapping[str, int] = field(default_factory=dict)
    sentences: Mapping[str, str] = field(default_factory=dict)

    def status(self, code: str) -> int:
        """The service's status, else the door's, else 400."""
        return self.statuses.get(code) or STATUSES.get(code, 400)

    def sentence(self, code: str, data: Mapping[str, Any]) -> str:
        template = self.sentences.get(code) or SENTENCES.get(code, REFUSED)
        words = {name: "、".join(map(str, each)) if isinstance(each, list) else each for name, each in data.items()}
        try:
            return template.format_map(words)
        except (KeyError, IndexError, ValueError):
            return template


class Refusal(DomainError):
    """A refusal of the door itself, raised before any service code runs."""

    def __init__(self, code: str, field: str | None = None, **data: Any) -> None:
        self.code = code
        super().__init__(field, **data)


class Invalid(DomainError):
    """A body or query that does not fit its schema: `errors` are `{field, message}`, message in Chinese."""

    code = "invalid"

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors


def install(table: ErrorTable) -> None:
    """Register the answers to every exception on the current app."""
    app = current_app
    app.extensions["lianxin.errors"] = table
    app.register_error_handler(DomainError, refused)
    app.register_error_handler(OperationalError, unavailable)
    app.register_error_handler(PoolTimeout, unavailable)
    app.register_error_handler(DataError, unstorable)
    app.register_error_handler(Exception, unexpected)


def refused(error: DomainError) -> Response:
    """The answer to a known refusal; its datum `retry_after`, in whole seconds, becomes Retry-After."""
    table: ErrorTable = current_app.extensions["lianxin.errors"]
    sentence = table.sentence(error.code, error.data)
    errors = getattr(error, "errors", None)
    if errors is None and error.field is not None:
        errors = [{"field": error.field, "code": error.code, "message": sentence}]
    answer = problem(table.status(error.code), error.code, sentence, errors=errors, data=error.data)
    if "retry_after" in error.data:
        answer.headers["Retry-After"] = str(error.data["retry_after"])
    return answer


def from_http(error: HTTPException) -> Response:
    """The answer to a refusal by Flask or werkzeug: no such address, wrong method, body too large."""
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()  # type: ignore[return-value]
    code = _CODES.get(status, "bad_request" if status < 500 else "internal")
    answer = problem(status, code, SENTENCES[code])
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "WWW-Authenticate"):
            answer.headers[name] = value
    return answer


def unavailable(error: Exception) -> Response:
    """The answer when the database is away, too slow or at its limit: worth trying again."""
    log.warning("database unavailable", error=type(error).__name__, state=_sqlstate(error))
    answer = problem(503, "unavailable", SENTENCES["unavailable"])
    answer.headers["Retry-After"] = "2"
    return answer


def unstorable(error: DataError) -> Response:
    """The answer to a value that no column can hold and no schema refused: the client's fault, and our omission."""
    # Without the exception: PostgreSQL quotes the value in it.
    log.error("a schema let in what the database cannot hold", state=_sqlstate(error), endpoint=request.endpoint)
    return problem(422, "invalid", SENTENCES["invalid"])


def unexpected(error: Exception) -> Response:
    """The answer to a bug: logged in full, not shown to anyone outside."""
    log.error("unexpected error", exc_info=error)
    return problem(500, "internal", SENTENCES["internal"])


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    data: Mapping[str, Any] | None = None,
) -> Response:
    """Problem details with our members: `code`, `errors`, `data`, `request_id`; a page where a person is looking."""
    show = current_app.extensions.get("lianxin.problem_page")
    if show is not None and (page := show(status, code, detail, errors or [])) is not None:
        return cast(Response, page)
    body: dict[str, Any] = {
        "type": f"urn:lianxin:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    body |= {"errors": errors} if errors else {}
    body |= {"data": dict(data)} if data else {}
    body["request_id"] = g.get("request_id")
    answer = Response(current_app.json.dumps(body), status=status, content_type=MEDIA_TYPE)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _sqlstate(error: Exception) -> str | None:
    return getattr(getattr(error, "orig", None), "pgcode", None)


_CODES = {status: code for code, status in reversed(STATUSES.items())}
