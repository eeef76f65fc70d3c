"""The way to an OpenID provider and back."""

import hmac
from dataclasses import asdict
from typing import cast

from flask import Response, abort, current_app, redirect, request

from chassis import pages
from services.dispatch.login.errors import ProviderAway, StepExpired
from services.dispatch.login.pages import steps
from services.dispatch.login.pages.blueprint import FIRST_PAGE, blueprint, settings
from services.dispatch.login.pages.session import enter
from services.dispatch.login.provider import Asked, Provider

PURPOSE = "asked of the provider"


@blueprint.route("/login/ask")
def ask_provider() -> Response:
    """To the provider. Raises ProviderAway; 404 where there is none."""
    if not settings().oidc_issuer:
        abort(404)
    asked = Asked.new()
    kept = asdict(asked) | {"goes_to": pages.local(request.args.get("next"), FIRST_PAGE)}
    answer = cast(Response, redirect(_provider().address(asked), 303))
    return steps.remember_value(answer, PURPOSE, kept)


@blueprint.route("/login/provider")
def come_back() -> Response:
    """From the provider with a code. Raises StepExpired if we had not asked, ProviderAway, NoRole."""
    kept = pages.unsign(PURPOSE, request.cookies.get(steps.COOKIE, ""), steps.SECONDS)
    if not settings().oidc_issuer or not isinstance(kept, dict):
        raise StepExpired
    goes_to = kept.pop("goes_to")
    asked = Asked(**kept)
    if not hmac.compare_digest(asked.state.encode(), request.args.get("state", "").encode()):
        raise StepExpired
    if "code" not in request.args:
        raise ProviderAway
    return enter(_provider().person(asked, request.args["code"]), goes_to)


def _provider() -> Provider:
    return cast(Provider, current_app.extensions.setdefault("lianxin.provider", Provider(settings())))
