"""An officer's account: roles, lock-out, second factor. Every change gives a new value (domain.md B8)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.dispatch.login.errors import RolesDoNotFit

ROLES = ("centre", "unit", "leader", "supervisor", "operator", "administrator")
WITH_SECOND_FACTOR = frozenset({"centre", "leader", "supervisor", "administrator"})
FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
REMEMBERED = 5
"""How many of an account's last passwords are barred."""


@dataclass(frozen=True, slots=True)
class Account:
    """`name` is what is typed at the login, `display` what others see; `passwords` are hashes, the current one first.

    `second` is the sealed secret of the second factor, good once `second_confirmed`; `second_step` the last step whose
    code was used, so that none is good twice; `recovery` are hashes of the codes that replace the telephone once each.
    """

    name: str
    display: str
    roles: tuple[str, ...]
    unit: str | None
    passwords: tuple[str, ...]
    must_change: bool = True
    second: bytes | None = None
    second_confirmed: bool = False
    second_step: int = 0
    recovery: tuple[bytes, ...] = ()
    failures: int = 0
    locked_until: datetime | None = None
    disabled: bool = False

    @property
    def needs_second_factor(self) -> bool:
        return bool(WITH_SECOND_FACTOR & set(self.roles)) or self.second_confirmed


def check_roles(roles: tuple[str, ...], unit: str | None) -> None:
    """Raises RolesDoNotFit: an unknown role, a unit's officer without unit, an administrator who also handles cases."""
    if not roles or not set(roles) <= set(ROLES):
        raise RolesDoNotFit(why=f"the roles are {', '.join(ROLES)}")
    if "unit" in roles and not unit:
        raise RolesDoNotFit(why="the role unit needs a unit")
    if "administrator" in roles and len(roles) > 1:
        raise RolesDoNotFit(why="an administrator must not handle cases: the role can't be combined with another")


def is_locked(account: Account, now: datetime) -> bool:
    # A lock that ends further ahead than one lasts was set by a clock that has been set back since.
    return account.locked_until is not None and now < account.locked_until <= now + LOCKED_FOR


def failed(account: Account, now: datetime) -> Account:
    """One more wrong password or code; the fifth in a row locks the account for 15 minutes."""
    if is_locked(account, now):
        return account
    failures = account.failures + 1
    if failures < FAILURES:
        return replace(account, failures=failures)
    return replace(account, failures=0, locked_until=now + LOCKED_FOR)


def succeeded(account: Account) -> Account:
    """A login succeeded: earlier failures are forgotten."""
    return replace(account, failures=0, locked_until=None)


def with_password(account: Account, hashed: str, *, must_change: bool = False) -> Account:
    """A new password; the last five stay barred. One that an operator made has to be changed at once."""
    passwords = (hashed, *account.passwords)[:REMEMBERED]
    return succeeded(replace(account, passwords=passwords, must_change=must_change))


def without_second_factor(account: Account) -> Account:
    """As before the first login: the next login shows a new QR code."""
    return succeeded(replace(account, second=None, second_confirmed=False, second_step=0, recovery=()))
