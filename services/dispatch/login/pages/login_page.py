"""The first page of a login: the form for name and password, or the choice of a role where there are no accounts."""

from flask import Response, request
from sqlalchemy import Connection

from chassis import pages, web
from services.dispatch.login import store
from services.dispatch.login.pages.blueprint import settings

PLAYED = (("centre", "指挥中心"), ("unit", "承办单位"), ("leader", "街道领导"), ("supervisor", "督办"))


def login_page(goes_to: str, *, errors: dict[str, str] | None = None, status: int = 200, said: str = "") -> Response:
    """`said` is why the last session ended, or empty."""
    with web.database().transaction() as tx:
        chooser = may_choose(tx)
        units = [("", "—"), *store.units(tx)] if chooser else []
    return pages.page(
        "login/login.html",
        status=status,
        goes_to=goes_to,
        typed=request.form,
        errors=errors or {},
        why=said,
        chooser=chooser,
        provider=bool(settings().oidc_issuer),
        roles=PLAYED,
        units=units,
    )


def may_choose(tx: Connection) -> bool:
    """Whether a role may be chosen instead of a login: PROFILE is dev or demo, and nobody has an account."""
    ours = settings()
    return ours.profile in ("dev", "demo") and not ours.oidc_issuer and not store.has_accounts(tx)
