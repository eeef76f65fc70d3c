"""An officer's own account: who I am here, my last logins, my password."""

from flask import Response

from chassis import pages, web
from services.dispatch.login import commands
from services.dispatch.login.domain import account as accounts
from services.dispatch.login.pages.blueprint import blueprint
from services.dispatch.login.pages.forms import submit_form
from services.dispatch.login.pages.session import without_token
from services.dispatch.login.schemas import ChangePasswordForm


@blueprint.route("/account")
@pages.requires(*accounts.ROLES)
def account() -> Response:
    """Who I am here, my last logins, my password."""
    return _account_page({})


@blueprint.route("/account/password", methods=["POST"])
@pages.requires(*accounts.ROLES)
def change_password() -> Response:
    """Another password for who is logged in."""
    subject = pages.caller().subject
    return submit_form(
        ChangePasswordForm(),
        lambda typed: commands.change_password(
            web.database(), subject, typed["password"], web.client_address(), old=typed["old"]
        ),
        done=lambda: pages.back("/account", said="密码已修改。"),
        again=lambda errors: _account_page(errors, status=422),
    )


@blueprint.route("/account/out", methods=["POST"])
@pages.requires(*accounts.ROLES)
def leave_everywhere() -> Response:
    """Every session of mine ends."""
    with web.database().transaction() as tx:
        commands.log_out_everywhere(tx, pages.caller().subject, web.client_address())
    return without_token(pages.back("/login?why=everywhere"))


def _account_page(errors: dict[str, str], *, status: int = 200) -> Response:
    who = pages.caller()
    with web.database().transaction() as tx:
        found, lines = commands.account_of(tx, who.subject)
    return pages.page("login/account.html", status=status, account=found, lines=lines, errors=errors)
