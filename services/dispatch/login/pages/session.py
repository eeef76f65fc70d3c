"""The session and its tokens: begun, renewed, ended; and the keys by which every service checks a token."""

from typing import cast
from urllib.parse import urlencode

from flask import Response, jsonify, redirect, request

from chassis import pages, web
from chassis.web.callers import TOKEN_COOKIE
from services.dispatch.login import commands, tokens
from services.dispatch.login.commands import Person
from services.dispatch.login.domain.session import LONGEST
from services.dispatch.login.pages import steps
from services.dispatch.login.pages.blueprint import blueprint, settings, signing_keys

SESSION_COOKIE, SESSION_PATH = "lianxin_session", "/login"
LARGEST = 200 << 20
"""Bytes: whatever form is sent just as its token ends is sent on from here, unread."""
UNSAFE_TOO = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@blueprint.route("/login/renew", methods=UNSAFE_TOO)
@pages.csrf_exempt
def renew() -> Response:
    """A new token for a live session, and back by the same method; else the login, with the reason."""
    with web.database().transaction() as tx:
        working = "X-Background" not in request.headers
        found = commands.renew(tx, request.cookies.get(SESSION_COOKIE, ""), working=working)
    goes_to = pages.local(request.args.get("next"), "")
    if isinstance(found, str):
        if not goes_to:
            return Response(status=401)
        return cast(Response, redirect(f"/login?{urlencode({'next': goes_to, 'why': found})}", 303))
    answer = cast(Response, redirect(goes_to, 307)) if goes_to else Response(status=204)
    return _with_token(answer, found)


renew.max_content_length = LARGEST  # type: ignore[attr-defined]


@blueprint.route("/logout", methods=["POST"])
@pages.csrf_exempt
def logout() -> Response:
    """On to where the session's cookie is sent; that form is checked there."""
    return cast(Response, redirect("/login/out", 307))


@blueprint.route("/login/out", methods=["POST"])
def leave() -> Response:
    """The session ends, and the token is taken away."""
    with web.database().transaction() as tx:
        commands.log_out(tx, request.cookies.get(SESSION_COOKIE, ""), web.client_address())
    return without_token(pages.back("/login?why=left"))


@blueprint.route("/.well-known/jwks.json")
def public_keys() -> Response:
    """The keys that check our tokens. Raises NoLogin."""
    answer = jsonify(tokens.public(signing_keys()))
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


def enter(person: Person, goes_to: str) -> Response:
    """A session for `person`, its first token, and on to `goes_to`."""
    with web.database().transaction() as tx:
        key = commands.log_in(tx, person, web.client_address())
    answer = _with_token(pages.back(goes_to), person)
    pages.put_cookie(answer, SESSION_COOKIE, key, seconds=int(LONGEST.total_seconds()), path=SESSION_PATH)
    pages.drop_cookie(answer, steps.COOKIE, path=steps.PATH)
    return answer


def _with_token(answer: Response, person: Person) -> Response:
    ours = settings()
    token = tokens.signed(
        signing_keys(), ours.token_issuer, ours.token_audience, person.subject, person.roles, person.unit
    )
    pages.put_cookie(answer, TOKEN_COOKIE, token, seconds=tokens.SECONDS)
    return answer


def without_token(answer: Response) -> Response:
    """Takes token and session away from the browser."""
    pages.drop_cookie(answer, TOKEN_COOKIE)
    pages.drop_cookie(answer, SESSION_COOKIE, path=SESSION_PATH)
    return answer
