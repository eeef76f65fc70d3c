"""Pages of the login: password, second factor, session; and the tokens that every other page needs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlencode

from flask import Response, abort, current_app, jsonify, redirect, request
from marshmallow import Schema, ValidationError

from chassis import pages, web
from chassis.crypto import MasterKeys
from chassis.errors import DomainError
from chassis.web.callers import TOKEN_COOKIE
from services.dispatch.login import commands, second_factor, store, tokens
from services.dispatch.login.commands import Person
from services.dispatch.login.domain import account as accounts
from services.dispatch.login.domain.session import LONGEST, WHY
from services.dispatch.login.errors import SENTENCES, LoginRefused, NoLogin, StepExpired
from services.dispatch.login.pages import steps
from services.dispatch.login.pages.steps import Step
from services.dispatch.login.schemas import ChangePasswordForm, CodeForm, NewPasswordForm, PasswordForm, RoleForm
from services.dispatch.settings import Settings

SESSION_COOKIE, SESSION_PATH = "lianxin_session", "/login"
FIRST_PAGE = "/desk"
LARGEST = 200 << 20
"""Bytes: whatever form meets a token's end on its way is sent on from here, unread."""
PLAYED = (("centre", "指挥中心"), ("unit", "承办单位"), ("leader", "街道领导"), ("supervisor", "督办"))
UNSAFE_TOO = ["GET", "POST", "PUT", "PATCH", "DELETE"]

blueprint = pages.Blueprint("login", __name__)


@blueprint.errorhandler(StepExpired)
def begin_anew(_: StepExpired) -> Response:
    """Too late, or never begun: the login form, with a word why."""
    return pages.back("/login?why=late")


@blueprint.route("/login")
def login() -> Response:
    """The form, or the provider's, or the choice of a role; what ended the last session is said."""
    goes_to = pages.local(request.args.get("next"), FIRST_PAGE)
    if settings().oidc_issuer and "why" not in request.args:
        return cast(Response, redirect(f"/login/ask?{urlencode({'next': goes_to})}", 303))
    return _login_page(goes_to, said=WHY.get(request.args.get("why", ""), ""))


@blueprint.route("/login", methods=["POST"])
def give_password() -> Response:
    """Name and password; then whatever else this account is asked for. 404 where a provider vouches for officers."""
    if settings().oidc_issuer:
        abort(404)
    goes_to = pages.local(request.form.get("next"), FIRST_PAGE)
    try:
        typed = PasswordForm().load(request.form)
        _keys()
        account = commands.check_password(web.database(), typed["name"], typed["password"], web.client_address())
    except (ValidationError, LoginRefused) as error:
        return _login_page(goes_to, errors=_sentences(error), status=422)
    return _onwards(Step(account.name, goes_to), account)


@blueprint.route("/login/code", methods=["GET", "POST"])
def give_code() -> Response:
    """The second factor."""
    step = steps.current()
    if request.method == "GET":
        return pages.page("login/code.html", errors={})
    return _form(
        CodeForm(),
        lambda typed: commands.check_code(
            web.database(), _keys(), step.account, typed["code"].strip(), web.client_address()
        ),
        done=lambda: _passed(step),
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
                web.database(), _keys(), step.account, typed["code"].strip(), web.client_address()
            )
        )

    return _form(
        CodeForm(),
        confirm,
        done=lambda: steps.keep(pages.page("login/recovery.html", codes=codes), replace(step, passed=True)),
        again=lambda errors: _telephone_page(step, errors),
    )


@blueprint.route("/login/onwards")
def onwards() -> Response:
    """From the recovery codes to what comes next."""
    return _passed(steps.current(passed=True))


@blueprint.route("/login/password", methods=["GET", "POST"])
def choose_password() -> Response:
    """A password of one's own instead of the operator's."""
    step, account = _checked_step()
    if not account.must_change:
        return _onwards(step, account)
    if request.method == "GET":
        return pages.page("login/password.html", errors={})
    return _form(
        NewPasswordForm(),
        lambda typed: commands.change_password(web.database(), step.account, typed["password"], web.client_address()),
        done=lambda: pages.back("/login/done"),
        again=lambda errors: pages.page("login/password.html", status=422, errors=errors),
    )


@blueprint.route("/login/done")
def done() -> Response:
    """The session begins."""
    step, account = _checked_step()
    if account.must_change:
        return _onwards(step, account)
    with web.database().transaction() as tx:
        person = commands.person_of(tx, step.account)
    return enter(person, step.goes_to)


@blueprint.route("/login/role", methods=["POST"])
def choose_role() -> Response:
    """A role to play, where there are no accounts (PROFILE=dev or demo)."""
    goes_to = pages.local(request.form.get("next"), FIRST_PAGE)
    with web.database().transaction() as tx:
        if not _may_choose(tx):
            raise StepExpired
    try:
        chosen = RoleForm().load(request.form)
        unit = {"unit": chosen["unit"] or None, "centre": "CENTRE"}.get(chosen["role"])
        accounts.check_roles((chosen["role"],), unit)
    except (ValidationError, DomainError):
        return _login_page(goes_to, errors={"unit": "请选择单位"}, status=422)
    subject = f"dev:{chosen['role']}:{unit or '-'}"
    return enter(Person(subject, subject, (chosen["role"],), unit), goes_to)


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
    return _without_token(pages.back("/login?why=left"))


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
    return _form(
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
    return _without_token(pages.back("/login?why=everywhere"))


@blueprint.route("/.well-known/jwks.json")
def public_keys() -> Response:
    """The keys that check our tokens. Raises NoLogin."""
    answer = jsonify(tokens.public(_signing_keys()))
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


# --- what they share ---


def _form(
    schema: Schema,
    act: Callable[[dict[str, Any]], None],
    *,
    done: Callable[[], Response],
    again: Callable[[dict[str, str]], Response],
) -> Response:
    try:
        act(schema.load(request.form))
    except StepExpired:
        raise
    except (ValidationError, DomainError) as error:
        return again(_sentences(error))
    return done()


def _sentences(error: ValidationError | DomainError) -> dict[str, str]:
    return pages.errors_of(error, SENTENCES.get(getattr(error, "code", ""), ""))


def _checked_step() -> tuple[Step, accounts.Account]:
    step = steps.current()
    with web.database().transaction() as tx:
        found = store.find(tx, step.account)
    if found is None or found.disabled or (found.needs_second_factor and not step.passed):
        raise StepExpired
    return step, found


def _passed(step: Step) -> Response:
    with web.database().transaction() as tx:
        found = store.find(tx, step.account)
    if found is None:
        raise StepExpired
    return _onwards(replace(step, passed=True), found)


def _onwards(step: Step, account: accounts.Account) -> Response:
    return steps.keep(pages.back(steps.following(account, passed=step.passed)), step)


def enter(person: Person, goes_to: str) -> Response:
    """A session for `person`, its first token, and on to `goes_to`."""
    with web.database().transaction() as tx:
        key = commands.log_in(tx, person, web.client_address())
    answer = _with_token(pages.back(goes_to), person)
    pages.put_cookie(answer, SESSION_COOKIE, key, seconds=int(LONGEST.total_seconds()), path=SESSION_PATH)
    pages.drop_cookie(answer, steps.COOKIE, path=steps.PATH)
    return answer


def _with_token(answer: Response, person: Person) -> Response:
    told = settings()
    token = tokens.signed(
        _signing_keys(), told.token_issuer, told.token_audience, person.subject, person.roles, person.unit
    )
    pages.put_cookie(answer, TOKEN_COOKIE, token, seconds=tokens.SECONDS)
    return answer


def _without_token(answer: Response) -> Response:
    pages.drop_cookie(answer, TOKEN_COOKIE)
    pages.drop_cookie(answer, SESSION_COOKIE, path=SESSION_PATH)
    return answer


def _login_page(goes_to: str, *, errors: dict[str, str] | None = None, status: int = 200, said: str = "") -> Response:
    with web.database().transaction() as tx:
        chooser = _may_choose(tx)
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


def _telephone_page(step: Step, errors: dict[str, str]) -> Response:
    with web.database().transaction() as tx:
        found, secret = commands.begin_second_factor(tx, _keys(), step.account)
    picture = second_factor.picture(secret, found.name)
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return pages.page(
        "login/telephone.html", status=422 if errors else 200, picture=picture, secret=grouped, errors=errors
    )


def _account_page(errors: dict[str, str], *, status: int = 200) -> Response:
    who = pages.caller()
    with web.database().transaction() as tx:
        found, lines = commands.account_of(tx, who.subject)
    return pages.page("login/account.html", status=status, account=found, lines=lines, errors=errors)


def _may_choose(tx: Any) -> bool:
    told = settings()
    return told.profile in ("dev", "demo") and not told.oidc_issuer and not store.has_accounts(tx)


def settings() -> Settings:
    """What this process was told."""
    return cast(Settings, current_app.extensions["lianxin.settings"])


def _signing_keys() -> Any:
    keys = settings().token_key
    if keys is None:
        raise NoLogin
    return keys


def _keys() -> MasterKeys:
    keys = settings().account_keys
    if keys is None:
        raise NoLogin
    return keys
