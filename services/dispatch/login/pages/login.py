"""Name and password, a password of one's own, and the session that begins after the last step."""

from typing import cast
from urllib.parse import urlencode

from flask import Response, abort, redirect, request
from marshmallow import ValidationError

from chassis import pages, web
from services.dispatch.login import commands
from services.dispatch.login.domain.session import WHY
from services.dispatch.login.errors import LoginRefused
from services.dispatch.login.pages import steps
from services.dispatch.login.pages.blueprint import FIRST_PAGE, blueprint, master_keys, settings
from services.dispatch.login.pages.forms import sentences, submit_form
from services.dispatch.login.pages.login_page import login_page
from services.dispatch.login.pages.session import enter
from services.dispatch.login.pages.steps import Step
from services.dispatch.login.schemas import NewPasswordForm, PasswordForm


@blueprint.route("/login")
def login() -> Response:
    """The login page, with the reason why the last session ended; or on to the provider."""
    goes_to = pages.local(request.args.get("next"), FIRST_PAGE)
    if settings().oidc_issuer and "why" not in request.args:
        return cast(Response, redirect(f"/login/ask?{urlencode({'next': goes_to})}", 303))
    return login_page(goes_to, said=WHY.get(request.args.get("why", ""), ""))


@blueprint.route("/login", methods=["POST"])
def give_password() -> Response:
    """Name and password, then whatever else the account is asked for. 404 where a provider vouches for officers."""
    if settings().oidc_issuer:
        abort(404)
    goes_to = pages.local(request.form.get("next"), FIRST_PAGE)
    try:
        typed = PasswordForm().load(request.form)
        master_keys()
        account = commands.check_password(web.database(), typed["name"], typed["password"], web.client_address())
    except (ValidationError, LoginRefused) as error:
        return login_page(goes_to, errors=sentences(error), status=422)
    return steps.go_on(Step(account.name, goes_to), account)


@blueprint.route("/login/password", methods=["GET", "POST"])
def choose_password() -> Response:
    """A password of one's own instead of the operator's."""
    step, account = steps.checked()
    if not account.must_change:
        return steps.go_on(step, account)
    if request.method == "GET":
        return pages.page("login/password.html", errors={})
    return submit_form(
        NewPasswordForm(),
        lambda typed: commands.change_password(web.database(), step.account, typed["password"], web.client_address()),
        done=lambda: pages.back("/login/done"),
        again=lambda errors: pages.page("login/password.html", status=422, errors=errors),
    )


@blueprint.route("/login/done")
def done() -> Response:
    """The session begins."""
    step, account = steps.checked()
    if account.must_change:
        return steps.go_on(step, account)
    with web.database().transaction() as tx:
        person = commands.person_of(tx, step.account)
    return enter(person, step.goes_to)
