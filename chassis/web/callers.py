"""Who is calling: a bearer token of any OIDC provider, checked by signature, issuer, audience and expiry.

A page's browser carries the token in a cookie instead; what it changes must then come from a page of ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app, g, request
from joserfc import jwt
from joserfc.errors import JoseError

from chassis import logs
from chassis.settings import Settings
from chassis.web import csrf
from chassis.web.issuers import IssuerKeys, IssuerUnreachable
from chassis.web.problems import Refusal

log = logs.get(__name__)

ALGORITHMS = ["ES256", "RS256", "EdDSA", "Ed25519"]
LEEWAY = 30
"""Seconds by which the clock of an issuer may differ from ours."""
TOKEN_COOKIE = "lianxin_token"  # noqa: S105
"""The cookie in which an officer's browser carries the token; dispatch's login puts it there."""

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent the request. Nobody in particular has an empty subject, no roles and no scopes.

    `scopes` say whose rows the caller sees. They are the token's claim `scopes` if it has one; else each role,
    and `role:unit` beside it if the token names a unit: `{"unit", "unit:C07"}`.
    """

    subject: str
    roles: frozenset[str]
    unit: str | None
    scopes: frozenset[str]


NOBODY = Caller("", frozenset(), None, frozenset())


class Tokens:
    """Checks tokens for one service."""

    def __init__(self, settings: Settings) -> None:
        self._keys = IssuerKeys(settings.jwks)
        self._claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": settings.token_issuer},
            aud={"essential": True, "value": settings.token_audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def caller(self, token: str) -> Caller:
        """Whom `token` speaks for.

        Raises Refusal `unauthorised`, or `unavailable` if the issuer's keys cannot be had.
        """
        try:
            decoded = jwt.decode(token, self._keys.find, algorithms=ALGORITHMS)
            self._claims.validate(decoded.claims)
            return caller_of(decoded.claims)
        except IssuerUnreachable as error:
            log.error("token keys unreachable", reason=str(error))
            raise Refusal("unavailable", retry_after=2) from None
        except (JoseError, ValueError, TypeError, KeyError) as error:
            log.info("token refused", reason=type(error).__name__)
            raise Refusal("unauthorised") from None


def caller_of(claims: dict[str, Any]) -> Caller:
    """The caller in checked claims. Raises TypeError if `roles`, `unit` or `scopes` are not what they must be."""
    roles, unit = _names(claims.get("roles", [])), claims.get("unit")
    if not (unit is None or isinstance(unit, str)) or not isinstance(claims["sub"], str):
        raise TypeError("unit and sub must be text")
    scopes = roles | {f"{role}:{unit}" for role in roles if unit}
    if "scopes" in claims:
        scopes = _names(claims["scopes"])
    return Caller(claims["sub"], roles, unit or None, scopes)


def caller() -> Caller:
    """Who sent the current request. An invalid token is refused even where none is needed.

    An invalid one in a cookie counts as none: browsers send it unasked, even after it has expired.
    Raises Refusal `unauthorised`, `unavailable`, or `bad_csrf_token` (a change by cookie, not from our page).
    """
    who = identified()
    if g.get("caller_by_cookie"):
        csrf.check()
    return who


def identified() -> Caller:
    """As `caller`, for showing a name only: nothing is done in it."""
    if "caller" not in g:
        g.caller = _read_caller()
    return cast(Caller, g.caller)


def requires(*roles: str) -> Callable[[View], View]:
    """Only callers with one of `roles`: 401 `unauthorised` without a good token, 403 `forbidden` without a role.

    Checked before the body is read, in whatever order the view's decorators stand.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            admit(roles)
            return view(*args, **kwargs)

        guarded.lianxin_roles = roles  # type: ignore[attr-defined]
        # flask-smorest reads `_apidoc` when it writes the OpenAPI document.
        guarded._apidoc = {**getattr(view, "_apidoc", {}), "roles": roles}  # type: ignore[attr-defined]
        return cast(View, guarded)

    return decorate


def admit(roles: tuple[str, ...]) -> None:
    """Raises Refusal `unauthorised` or `forbidden` unless the caller has one of `roles`."""
    who = caller()
    if not who.subject:
        raise Refusal("unauthorised")
    if not who.roles & set(roles):
        raise Refusal("forbidden")


def roles_of_view() -> tuple[str, ...] | None:
    """The roles that the view behind the current request requires; None if it is open to all."""
    view = current_app.view_functions.get(request.endpoint or "")
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        view = getattr(view_class, request.method.lower(), None)
    return getattr(view, "lianxin_roles", None)


def _read_caller() -> Caller:
    header = request.headers.get("Authorization")
    if header is None:
        return _caller_by_cookie()
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refusal("unauthorised")
    tokens: Tokens = current_app.extensions["lianxin.tokens"]
    return tokens.caller(token.strip())


def _caller_by_cookie() -> Caller:
    token = request.cookies.get(TOKEN_COOKIE)
    if not token:
        return NOBODY
    tokens: Tokens = current_app.extensions["lianxin.tokens"]
    try:
        who = tokens.caller(token)
    except Refusal as refusal:
        if refusal.code != "unauthorised":
            raise
        return NOBODY
    g.caller_by_cookie = True
    return who


def _names(value: Any) -> frozenset[str]:
    if isinstance(value, str):
        return frozenset(value.split())
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError("not a list of names")
    return frozenset(value)
