"""An operator's commands on accounts: `python -m services.dispatch accounts …`."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from chassis import clock
from chassis.database import Database
from chassis.errors import DomainError
from chassis.operating.table import table
from chassis.settings import Settings
from services.dispatch.login import hashing, store, tokens
from services.dispatch.login.domain import account as accounts
from services.dispatch.login.domain import password
from services.dispatch.login.domain.account import Account
from services.dispatch.login.errors import AccountExists, AccountUnknown

COLUMNS = ("name", "display", "roles", "unit", "second_factor", "state")
REFUSALS = {
    "account_exists": "an account of that name exists already",
    "account_unknown": "there is no account of that name",
    "weak_password": "a password needs at least 10 characters of three kinds and must not contain the account's name",
    "former_password": "that password was used before",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """add · list · disable · enable · reset-password · reset-totp"""
    parser.add_argument("action", choices=list(ACTIONS))
    parser.add_argument("name", nargs="?", help="what the officer types at the login")
    parser.add_argument("--display", help="the name that others see; by default the account's name")
    parser.add_argument("--role", action="append", default=[], choices=accounts.ROLES)
    parser.add_argument("--unit", help="the unit's code, such as C07 or CENTRE")
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from stdin instead of generating one",
    )


def run(asked: argparse.Namespace, settings: Settings, database: Database) -> int:
    """Runs one action; a refusal is one sentence and exit code 1."""
    if asked.name is None and asked.action != "list":
        print(f"accounts {asked.action} needs the name of the account", file=sys.stderr)
        return 2
    try:
        with database.transaction() as tx:
            print(ACTIONS[asked.action](tx, asked))
    except DomainError as refusal:
        print(refusal.data.get("why") or REFUSALS.get(refusal.code, refusal.code), file=sys.stderr)
        return 1
    return 0


def run_key(asked: argparse.Namespace, settings: Settings, database: Database) -> int:
    """Prints a new key for TOKEN_KEY_FILE."""
    print(tokens.new_key())
    return 0


def _add(tx: Connection, asked: argparse.Namespace) -> str:
    name, roles = asked.name.strip().lower(), tuple(dict.fromkeys(asked.role))
    accounts.check_roles(roles, asked.unit)
    if store.lock(tx, name):
        raise AccountExists
    made, shown = _password(asked, name)
    store.save(tx, Account(name, asked.display or name, roles, asked.unit, (hashing.hashed(made),)))
    store.log(tx, clock.now(tx), name, "added", None)
    return shown


def _list(tx: Connection, asked: argparse.Namespace) -> str:
    now = clock.now(tx)
    return table(COLUMNS, [_row(each, accounts.is_locked(each, now)) for each in store.accounts(tx)])


def _disable(tx: Connection, asked: argparse.Namespace) -> str:
    found = _found(tx, asked)
    store.save(tx, replace(found, disabled=True))
    store.end_sessions(tx, found.name, "disabled", clock.now(tx))
    store.log(tx, clock.now(tx), found.name, "disabled", None)
    return f"{found.name} is disabled and logged out; tokens already given end within five minutes"


def _enable(tx: Connection, asked: argparse.Namespace) -> str:
    found = _found(tx, asked)
    store.save(tx, accounts.succeeded(replace(found, disabled=False)))
    store.log(tx, clock.now(tx), found.name, "enabled", None)
    return f"{found.name} may log in again; a lock after failed logins is lifted"


def _reset_password(tx: Connection, asked: argparse.Namespace) -> str:
    found = _found(tx, asked)
    made, shown = _password(asked, found.name)
    store.save(tx, accounts.with_password(found, hashing.hashed(made), must_change=True))
    store.end_sessions(tx, found.name, "everywhere", clock.now(tx))
    store.log(tx, clock.now(tx), found.name, "password_reset", None)
    return shown


def _reset_totp(tx: Connection, asked: argparse.Namespace) -> str:
    found = _found(tx, asked)
    store.save(tx, accounts.without_second_factor(found))
    store.end_sessions(tx, found.name, "everywhere", clock.now(tx))
    store.log(tx, clock.now(tx), found.name, "second_factor_reset", None)
    return f"the next login of {found.name} sets up a telephone again"


def _found(tx: Connection, asked: argparse.Namespace) -> Account:
    found = store.lock(tx, asked.name)
    if found is None:
        raise AccountUnknown
    return found


def _password(asked: argparse.Namespace, name: str) -> tuple[str, str]:
    if asked.password_stdin:
        given = sys.stdin.readline().rstrip("\n")
        password.check(given, name)
        return given, f"{name}: the password was set; it must be changed at the first login"
    made = password.generate()
    return made, f"{name}: the password is {made}; it is shown only this once and must be changed at the first login"


def _row(each: Account, locked: bool) -> dict[str, object]:
    state = "disabled" if each.disabled else "locked" if locked else "new" if each.must_change else "active"
    second = "set up" if each.second_confirmed else "at next login" if each.needs_second_factor else "none"
    shown = {"roles": " ".join(each.roles), "second_factor": second, "state": state}
    return {"name": each.name, "display": each.display, "unit": each.unit, **shown}


ACTIONS: dict[str, Callable[[Connection, argparse.Namespace], str]] = {
    "add": _add,
    "list": _list,
    "disable": _disable,
    "enable": _enable,
    "reset-password": _reset_password,
    "reset-totp": _reset_totp,
}
