"""What every step of a login does with an account: find it, lock it, count a failure against it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from services.dispatch import metrics
from services.dispatch.login import store
from services.dispatch.login.domain import account as accounts
from services.dispatch.login.domain.account import Account
from services.dispatch.login.errors import StepExpired


def account_of(tx: Connection, subject: str) -> tuple[Account | None, Sequence[object]]:
    """The account of a token's subject with its last logins; None if the subject has no account here."""
    found = store.find(tx, subject)
    return (found, store.log_of(tx, found.name)) if found else (None, ())


def enabled_account(tx: Connection, name: str) -> Account:
    """The account, locked. Raises StepExpired if it is gone or disabled."""
    found = store.lock(tx, name)
    if found is None or found.disabled:
        raise StepExpired
    return found


def record_failure(tx: Connection, found: Account | None, event: str, now: datetime, address: str) -> None:
    """Counts one more wrong password or code, which may lock the account; `found` is None for an unknown name."""
    store.log(tx, now, found.name if found else None, event, address)
    metrics.LOGINS.labels("refused").inc()
    if found is None or found.disabled:
        return
    after = accounts.failed(found, now)
    if accounts.is_locked(after, now) and not accounts.is_locked(found, now):
        store.log(tx, now, found.name, "locked", address)
        metrics.LOGINS.labels("locked").inc()
    store.save(tx, after)
