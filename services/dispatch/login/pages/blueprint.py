"""The login's blueprint, and the settings and keys that its pages need."""

from typing import cast

from flask import Response, current_app
from joserfc.jwk import KeySet

from chassis import pages
from chassis.crypto import MasterKeys
from services.dispatch.login.errors import NoLogin, StepExpired
from services.dispatch.settings import Settings

FIRST_PAGE = "/desk"
"""Where a login leads that began on no other page."""

blueprint = pages.Blueprint("login", __name__)


@blueprint.errorhandler(StepExpired)
def begin_anew(_: StepExpired) -> Response:
    """Too late, or never begun: the login form, with the reason."""
    return pages.back("/login?why=late")


def settings() -> Settings:
    """The settings of this process."""
    return cast(Settings, current_app.extensions["lianxin.settings"])


def signing_keys() -> KeySet:
    """What signs tokens. Raises NoLogin."""
    keys = settings().token_key
    if keys is None:
        raise NoLogin
    return keys


def master_keys() -> MasterKeys:
    """What seals the secrets of second factors. Raises NoLogin."""
    keys = settings().account_keys
    if keys is None:
        raise NoLogin
    return keys
