"""Sessions: begun by a login, renewed by every page, ended by leaving."""

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection

from chassis import clock
from services.dispatch import metrics
from services.dispatch.login import hashing, store
from services.dispatch.login.commands.accounts import enabled_account
from services.dispatch.login.domain import account as accounts
from services.dispatch.login.domain import session as sessions
from services.dispatch.login.domain.session import Session


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a session is for. `account` names an account of ours; None for the provider's people and a chosen role."""

    subject: str
    display: str
    roles: tuple[str, ...]
    unit: str | None
    account: str | None = None


def log_in(tx: Connection, person: Person, address: str) -> str:
    """A new session; returns its key, for the browser to store. An account has one session: an earlier one ends."""
    now, key = clock.now(tx), secrets.token_urlsafe(32)
    if person.account:
        found = enabled_account(tx, person.account)
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
    """The person of the session behind `key`, or why it is over: a key of `session.WHY`, or `""` if it is unknown.

    `working` is False for a page that refreshes itself: it does not count as activity.
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
    found = enabled_account(tx, name)
    return Person(found.name, found.display, found.roles, found.unit, found.name)
