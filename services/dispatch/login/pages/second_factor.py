"""The second factor: its code at every login, its set-up at the first."""

from dataclasses import replace
from typing import Any

from flask import Response, request

from chassis import pages, web
from services.dispatch.login import commands, second_factor
from services.dispatch.login.pages import steps
from services.dispatch.login.pages.blueprint import blueprint, master_keys
from services.dispatch.login.pages.forms import submit_form
from services.dispatch.login.pages.steps import Step
from services.dispatch.login.schemas import CodeForm


@blueprint.route("/login/code", methods=["GET", "POST"])
def give_code() -> Response:
    """The second factor."""
    step = steps.current()
    if request.method == "GET":
        return pages.page("login/code.html", errors={})
    return submit_form(
        CodeForm(),
        lambda typed: commands.check_code(
            web.database(), master_keys(), step.account, typed["code"].strip(), web.client_address()
        ),
        done=lambda: steps.second_factor_passed(step),
        again=lambda errors: pages.page("login/code.html", status=422, errors=errors),
    )


@blueprint.route("/login/telephone", methods=["GET", "POST"])
def set_up_telephone() -> Response:
    """First login: the QR code for the telephone, its first code, then the recovery codes, once."""
    step, codes = steps.current(), list[str]()
    if request.method == "GET":
        return _telephone_page(step, {})

    def confirm(typed: dict[str, Any]) -> None:
        codes.extend(
            commands.confirm_second_factor(
                web.database(), master_keys(), step.account, typed["code"].strip(), web.client_address()
            )
        )

    return submit_form(
        CodeForm(),
        confirm,
        done=lambda: steps.remember(pages.page("login/recovery.html", codes=codes), replace(step, passed=True)),
        again=lambda errors: _telephone_page(step, errors),
    )


@blueprint.route("/login/onwards")
def onwards() -> Response:
    """From the recovery codes to what comes next."""
    return steps.second_factor_passed(steps.current(passed=True))


def _telephone_page(step: Step, errors: dict[str, str]) -> Response:
    with web.database().transaction() as tx:
        found, secret = commands.begin_second_factor(tx, master_keys(), step.account)
    picture = second_factor.picture(secret, found.name)
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return pages.page(
        "login/telephone.html", status=422 if errors else 200, picture=picture, secret=grouped, errors=errors
    )
