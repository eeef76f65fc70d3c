"""Where a login stands between two pages: kept in the browser, signed, for ten minutes."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from flask import Response, request

from chassis import pages, web
from services.dispatch.login import store
from services.dispatch.login.domain.account import Account
from services.dispatch.login.errors import StepExpired

COOKIE, PATH, SECONDS = "lianxin_login", "/login", 600
ADDRESSES = {"password": "/login/password", "enrol": "/login/telephone", "code": "/login/code", "done": "/login/done"}


@dataclass(frozen=True, slots=True)
class Step:
    """`account` has given its password; `passed` says that the second factor was given too."""

    account: str
    goes_to: str
    passed: bool = False


def current(*, passed: bool = False) -> Step:
    """The step of this browser. Raises StepExpired if it has none, or a second factor is still to come."""
    kept = pages.unsign("login step", request.cookies.get(COOKIE, ""), SECONDS)
    if not isinstance(kept, dict):
        raise StepExpired
    step = Step(**kept)
    if passed and not step.passed:
        raise StepExpired
    return step


def remember(answer: Response, step: Step) -> Response:
    """Remembers the step in the browser."""
    pages.put_cookie(answer, COOKIE, pages.sign("login step", asdict(step)), seconds=SECONDS, path=PATH)
    return answer


def remember_value(answer: Response, purpose: str, value: Any) -> Response:
    """The same for what the provider must bring back."""
    pages.put_cookie(answer, COOKIE, pages.sign(purpose, value), seconds=SECONDS, path=PATH)
    return answer


def following(account: Account, *, passed: bool) -> str:
    """The address of what is still asked of `account`: second factor first, then a password of its own."""
    if account.needs_second_factor and not passed:
        return ADDRESSES["code" if account.second_confirmed else "enrol"]
    return ADDRESSES["password" if account.must_change else "done"]


def checked() -> tuple[Step, Account]:
    """The step of this browser, its second factor given if it needs one, and its account. Raises StepExpired."""
    step = current()
    with web.database().transaction() as tx:
        found = store.find(tx, step.account)
    if found is None or found.disabled or (found.needs_second_factor and not step.passed):
        raise StepExpired
    return step, found


def second_factor_passed(step: Step) -> Response:
    """On to what comes after the second factor. Raises StepExpired if the account is gone."""
    with web.database().transaction() as tx:
        found = store.find(tx, step.account)
    if found is None:
        raise StepExpired
    return go_on(replace(step, passed=True), found)


def go_on(step: Step, account: Account) -> Response:
    """On to whatever this account is still asked for."""
    return remember(pages.back(following(account, passed=step.passed)), step)
