"""The second factor: set up at the first login, asked for at every other one."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from chassis import clock, crypto
from chassis.crypto import MasterKeys
from chassis.database import Database
from services.dispatch.login import hashing, second_factor, store
from services.dispatch.login.commands.accounts import enabled_account, record_failure
from services.dispatch.login.domain import account as accounts
from services.dispatch.login.domain.account import Account
from services.dispatch.login.errors import StepExpired, WrongCode


def begin_second_factor(tx: Connection, keys: MasterKeys, name: str) -> tuple[Account, str]:
    """The secret to show to an account that has confirmed none; the same one until it has. Raises StepExpired."""
    found = enabled_account(tx, name)
    if found.second_confirmed:
        raise StepExpired
    if found.second is None:
        found = replace(found, second=_seal(keys, found, second_factor.new_secret()))
        store.save(tx, found)
    return found, _secret(keys, found)


def confirm_second_factor(database: Database, keys: MasterKeys, name: str, code: str, address: str) -> list[str]:
    """Sets the telephone up; returns the recovery codes, to be shown this once. Raises WrongCode, StepExpired."""
    with database.transaction() as tx:
        found, now = enabled_account(tx, name), clock.now(tx)
        if found.second_confirmed or found.second is None:
            raise StepExpired
        step = second_factor.step_of(_secret(keys, found), code, now, found.second_step)
        if step is not None and not accounts.is_locked(found, now):
            codes = second_factor.new_recovery_codes()
            digests = tuple(hashing.digest(each) for each in codes)
            store.save(tx, replace(found, second_confirmed=True, second_step=step, recovery=digests))
            store.log(tx, now, found.name, "second_factor_set_up", address)
            return codes
        record_failure(tx, found, "code_refused", now, address)
    raise WrongCode("code")


def check_code(database: Database, keys: MasterKeys, name: str, code: str, address: str) -> None:
    """Checks the second factor's code, or a recovery code. Raises WrongCode, StepExpired."""
    with database.transaction() as tx:
        found, now = enabled_account(tx, name), clock.now(tx)
        after = None if accounts.is_locked(found, now) else _after_code(keys, found, code, now)
        if after is not None:
            store.save(tx, after)
            return
        record_failure(tx, found, "code_refused", now, address)
    raise WrongCode("code")


def _after_code(keys: MasterKeys, found: Account, code: str, now: datetime) -> Account | None:
    if not found.second_confirmed:
        raise StepExpired
    step = second_factor.step_of(_secret(keys, found), code.strip(), now, found.second_step)
    if step is not None:
        return replace(found, second_step=step)
    left = second_factor.without(found.recovery, code)
    return None if left is None else replace(found, recovery=left)


def _seal(keys: MasterKeys, found: Account, secret: str) -> bytes:
    return crypto.seal(keys, f"account {found.name}", secret.encode())


def _secret(keys: MasterKeys, found: Account) -> str:
    assert found.second is not None
    return crypto.open(keys, f"account {found.name}", found.second).decode()
