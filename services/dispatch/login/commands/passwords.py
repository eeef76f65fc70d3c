"""Passwords: checked at the login, and changed. A refusal is recorded before it is raised."""

from chassis import clock
from chassis.database import Database
from services.dispatch.login import hashing, store
from services.dispatch.login.commands.accounts import enabled_account, record_failure
from services.dispatch.login.domain import account as accounts
from services.dispatch.login.domain import password
from services.dispatch.login.domain.account import Account
from services.dispatch.login.errors import FormerPassword, LoginRefused, StepExpired, WrongPassword


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
        record_failure(tx, found, "password_refused", now, address)
    raise LoginRefused


def change_password(database: Database, name: str, typed: str, address: str, *, old: str | None = None) -> None:
    """A new password. `old` is required of an officer who is already logged in.

    Raises WrongPassword (counted as a failed login), WeakPassword, FormerPassword, StepExpired.
    """
    password.check(typed, name)
    with database.transaction() as tx:
        known = enabled_account(tx, name)
    if old is not None and not hashing.matches(old, known.passwords[0]):
        with database.transaction() as tx:
            record_failure(tx, store.lock(tx, name), "password_refused", clock.now(tx), address)
        raise WrongPassword("old")
    if hashing.is_former(typed, known.passwords):
        raise FormerPassword("password")
    hashed = hashing.hashed(typed)
    with database.transaction() as tx:
        found = enabled_account(tx, name)
        if found.passwords != known.passwords:
            raise StepExpired
        store.save(tx, accounts.with_password(found, hashed))
        store.log(tx, clock.now(tx), name, "password_changed", address)
