"""A template becomes an answer: headers, what every page shows, and the sentence kept for the next page."""

import uuid
from typing import Any
from urllib.parse import urlencode

from flask import Response, redirect, render_template, request
from markupsafe import Markup, escape

from chassis.pages.navigation import entries
from chassis.web import callers, cookies, csrf, idempotency
from chassis.web.problems import Refusal

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Without a referrer browsers name no origin in forms either, and a form's origin is checked.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Cookie",
}
SAID, SAID_SECONDS = "lianxin_said", 60
HTML = "text/html; charset=utf-8"


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """`template` with `values`, as a page that runs no foreign code and that no other site can frame.

    Give `now` (UTC, of the service's clock) where the template uses the filter `left`.
    """
    said = _said()
    answer = Response(render_template(template, said=said, **values), status, content_type=HTML)
    answer.headers.update(HEADERS)
    if cookies.secure():
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    if SAID in request.cookies:
        cookies.drop(answer, SAID)
    return answer


def fragment(template: str, **values: Any) -> Response:
    """A part of a page, for `data-live`: no layout, and the sentence for the next page is left for that page."""
    answer = Response(render_template(template, **values), content_type=HTML)
    answer.headers.update(HEADERS)
    return answer


def back(address: str, said: str = "") -> Response:
    """On to `address` by GET; `said` is shown there once. Nothing personal in it: it travels readable."""
    answer: Response = redirect(address, 303)  # type: ignore[assignment]
    if said:
        cookies.put(answer, SAID, cookies.sign("said", said), seconds=SAID_SECONDS)
    return answer


def framed(answer: Response) -> Response:
    """Lets our own pages show `answer`, a PDF or a picture, in a frame."""
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    )
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def csrf_field() -> Markup:
    """`{{ csrf() }}`: belongs into every form that is posted."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(csrf.FIELD, csrf.token())


def once_field(key: str = "") -> Markup:
    """`{{ once() }}`: a new key, so that this form has its effect once; give the old `key` to show a form again."""
    key = request.form.get(idempotency.FIELD, "") or key or str(uuid.uuid4())
    return Markup('<input type="hidden" name="{}" value="{}">').format(idempotency.FIELD, key)


def surroundings() -> dict[str, Any]:
    """What every template may use."""
    who, elder = _officer(), request.cookies.get("elder") == "1"
    others = [(name, value) for name, value in request.args.items(multi=True) if name != "elder"]
    return {
        "said": "",
        "elder": elder,
        "other_size": "?" + urlencode([*others, ("elder", "0" if elder else "1")]),
        "officer": who if who.subject else None,
        "navigation": entries(who.roles),
        "here": request.path,
        "csrf_token": csrf.token,
    }


def _officer() -> callers.Caller:
    try:
        return callers.identified()
    except Refusal:
        return callers.NOBODY  # also the page that says why needs its surroundings


def _said() -> Markup | str:
    text = request.cookies.get(SAID)
    said = cookies.unsign("said", text, SAID_SECONDS) if text else None
    return escape(said) if isinstance(said, str) else ""
