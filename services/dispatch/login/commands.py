"""Logging in and out, step by step: load under lock, decide, save; a refusal is recorded before it is said."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from chassis import clock, crypto
from chassis.crypto import MasterKeys
from chassis.database import Database
from services.dispatch import metrics
from services.dispatch.login import hashing, second_factor, store
from services.dispatch.login.domain import account as accounts
from services.dispatch.login.domain import password
from services.dispatch.login.domain import session as sessions
from services.dispatch.login.domain.account import Account
from services.dispatch.login.domain.session import Session
from services.dispatch.login.errors import FormerPassword, LoginRefused, StepExpired, WrongCode, WrongPassword


@dataclass(frozen=True, slots=True)
class Person:
    """Who a session is for: `account` names an account of ours, None for the provider's and the chooser's people."""

    subject: str
    display: str
    roles: tuple[str, ...]
    unit: str | None
    account: str | None = None


def check_password(database: Database, name: str, typed: str, address: str) -> Account:
    """The account, if `typed` is its password and it may log in. Raises LoginRefused, always after the same time."""
    with database.transaction() as tx:
        known = store.find(tx, name)
    # Outside of any transaction, as it takes long; the row is locked and looked at again afterwards.
    good = hashing.matches(typed, known.passwords[0] if known else None)
    with database.transaction() as tx:
        found, now = store.lock(tx, name), clock.now(tx)
        if found and good and not found.disabled and not accounts.is_locked(found, now):
            return found
        _record_failure(tx, found, "password_refused", now, address)
    raise LoginRefused


def begin_second_factor(tx: Connection, keys: MasterKeys, name: str) -> tuple[Account, str]:
    """The secret to be shown to an account that has none confirmed; the same one until it is. Raises StepExpired."""
    found = _account(tx, name)
    if found.second_confirmed:
        raise StepExpired
    if found.second is None:
        found = replace(found, second=_seal(keys, found, second_factor.new_secret()))
        store.save(tx, found)
    return found, _secret(keys, found)


def confirm_second_factor(database: Database, keys: MasterKeys, name: str, code: str, address: str) -> list[str]:
    """The telephone is set up: returns the recovery codes, which are shown this once. Raises WrongCode, StepExpired."""
    with database.transaction() as tx:
        found, now = _account(tx, name), clock.now(tx)
        if found.second_confirmed or found.second is None:
            raise StepExpired
        step = second_factor.step_of(_secret(keys, found), code, now, found.second_step)
        if step is not None and not accounts.is_locked(found, now):
            codes = second_factor.new_recovery_codes()
            digests = tuple(hashing.digest(each) for each in codes)
            store.save(tx, replace(found, second_confirmed=True, second_step=step, recovery=digests))
            store.log(tx, now, found.name, "second_factor_set_up", address)
            return codes
        _record_failure(tx, found, "code_refused", now, address)
    raise WrongCode("code")


def check_code(database: Database, keys: MasterKeys, name: str, code: str, address: str) -> None:
    """The second factor's code, or a recovery code. Raises WrongCode, StepExpired."""
    with database.transaction() as tx:
        found, now = _account(tx, name), clock.now(tx)
        after = None if accounts.is_locked(found, now) else _after_code(keys, found, code, now)
        if after is not None:
            store.save(tx, after)
            return
        _record_failure(tx, found, "code_refused", now, address)
    raise WrongCode("code")


def change_password(database: Database, name: str, typed: str, address: str, *, old: str | None = None) -> None:
    """A new password. `old` is asked of who is already logged in.

    Raises WrongPassword (counted as a failed login), WeakPassword, FormerPassword, StepExpired.
    """
    password.check(typed, name)
    with database.transaction() as tx:
        known = _account(tx, name)
    if old is not None and not hashing.matches(old, known.passwords[0]):
        with database.transaction() as tx:
            _record_failure(tx, store.lock(tx, name), "password_refused", clock.now(tx), address)
        raise WrongPassword("old")
    if hashing.is_former(typed, known.passwords):
        raise FormerPassword("password")
    hashed = hashing.hashed(typed)
    with database.transaction() as tx:
        found = _account(tx, name)
        if found.passwords != known.passwords:
            raise StepExpired
        store.save(tx, accounts.with_password(found, hashed))
        store.log(tx, clock.now(tx), name, "password_changed", address)


def log_in(tx: Connection, person: Person, address: str) -> str:
    """A new session; returns what the browser keeps. An account has one session: the old one ends and is told so."""
    now, key = clock.now(tx), secrets.token_urlsafe(32)
    if person.account:
        found = _account(tx, person.account)
        store.save(tx, accounts.succeeded(found))
        store.end_sessions(tx, person.subject, "replaced", now)
    store.add_session(
        tx,
        Session(
            hashing.digest(key), person.subject, person.display, person.account, person.roles, person.unit, now, now
        ),
    )
    store.log(tx, now, person.account, "in", address)
    metrics.LOGINS.labels("in").inc()
    return key


def renew(tx: Connection, key: str, *, working: bool = True) -> Person | str:
    """Whom the session behind `key` speaks for now, or why it does no more: a key of `session.WHY`, `""` if unknown.

    A page that refreshes itself is not somebody `working`, and puts off no time-out.
    """
    session, now = store.lock_session(tx, hashing.digest(key)), clock.now(tx)
    if session is None:
        return ""
    account = store.find(tx, session.account) if session.account else None
    why = sessions.why_over(session, now) or ("disabled" if account and account.disabled else None)
    if why:
        store.end_session(tx, session.digest, why, now)
        return why
    if working:
        store.seen(tx, session.digest, now)
    roles, unit = (account.roles, account.unit) if account else (session.roles, session.unit)
    return Person(session.subject, session.display, roles, unit, session.account)


def log_out(tx: Connection, key: str, address: str) -> None:
    """Ends the session behind `key`, if there is one."""
    session, now = store.lock_session(tx, hashing.digest(key)), clock.now(tx)
    if session and not session.ended:
        store.end_session(tx, session.digest, "left", now)
        store.log(tx, now, session.account, "out", address)


def log_out_everywhere(tx: Connection, subject: str, address: str) -> None:
    """Ends every session of `subject`; tokens that were already given end within five minutes."""
    now = clock.now(tx)
    store.end_sessions(tx, subject, "everywhere", now)
    known = store.find(tx, subject)
    store.log(tx, now, known.name if known else None, "out_everywhere", address)


def person_of(tx: Connection, name: str) -> Person:
    """The person behind an account. Raises StepExpired if it is gone or disabled."""
    found = _account(tx, name)
    return Person(found.name, found.display, found.roles, found.unit, found.name)


def account_of(tx: Connection, subject: str) -> tuple[Account | None, Sequence[object]]:
    """The account behind a token's subject with its last logins; None for who has none here."""
    found = store.find(tx, subject)
    return (found, store.log_of(tx, found.name)) if found else (None, ())


def _account(tx: Connection, name: str) -> Account:
    found = store.lock(tx, name)
    if found is None or found.disabled:
        raise StepExpired
    return found


def _after_code(keys: MasterKeys, found: Account, code: str, now: datetime) -> Account | None:
    if not found.second_confirmed:
        raise StepExpired
    step = second_factor.step_of(_secret(keys, found), code.strip(), now, found.second_step)
    if step is not None:
        return replace(found, second_step=step)
    left = second_factor.without(found.recovery, code)
    return None if left is None else replace(found, recovery=left)


def _record_failure(tx: Connection, found: Account | None, event: str, now: datetime, address: str) -> None:
    store.log(tx, now, found.name if found else None, event, address)
    metrics.LOGINS.labels("refused").inc()
    if found is None or found.disabled:
        return
    after = accounts.failed(found, now)
    if accounts.is_locked(after, now) and not accounts.is_locked(found, now):
        store.log(tx, now, found.name, "locked", address)
        metrics.LOGINS.labels("locked").inc()
    store.save(tx, after)


def _seal(keys: MasterKeys, found: Account, secret: str) -> bytes:
    return crypto.seal(keys, f"account {found.name}", secret.encode())


def _secret(keys: MasterKeys, found: Account) -> str:
    assert found.second is not None
    return crypto.open(keys, f"account {found.name}", found.second).decode()
