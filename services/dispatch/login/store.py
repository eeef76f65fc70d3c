"""All SQL of accounts, sessions and the log of logins."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from services.dispatch.login.domain.account import Account
from services.dispatch.login.domain.session import Session

REMEMBERED_FOR = timedelta(days=30)
"""How long an ended session stays, so that its browser can be told why it ended."""

_ACCOUNT = [each.name for each in fields(Account)]
_SESSION = [each.name for each in fields(Session)]
_VALUES = ", ".join(f":{name}" for name in _ACCOUNT)
_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in _ACCOUNT if name != "name")

SAVE_ACCOUNT = text(f"""
    insert into accounts ({", ".join(_ACCOUNT)}) values ({_VALUES})
    on conflict (name) do update set {_CHANGED}
""")
FIND_ACCOUNT = text(f"select {', '.join(_ACCOUNT)} from accounts where name = :name")
LOCK_ACCOUNT = text(f"{FIND_ACCOUNT.text} for update")
ALL_ACCOUNTS = text(f"select {', '.join(_ACCOUNT)} from accounts order by name")
ADD_SESSION = text(f"""
    insert into sessions ({", ".join(_SESSION)}) values ({", ".join(f":{name}" for name in _SESSION)})
""")
LOCK_SESSION = text(f"select {', '.join(_SESSION)} from sessions where digest = :digest for update")
SEEN = text("update sessions set seen_at = :now where digest = :digest")
END_SESSION = text("update sessions set ended = :why, seen_at = :now where digest = :digest and ended is null")
END_SESSIONS = text("update sessions set ended = :why, seen_at = :now where subject = :subject and ended is null")
FORGET_SESSIONS = text("delete from sessions where subject = :subject and ended is not null and seen_at < :before")
LOG = text("insert into login_log (at, account, event, address) values (:at, :account, :event, :address)")


def find(tx: Connection, name: str) -> Account | None:
    """The account called `name`, whichever way its letters are typed."""
    return _account(tx.execute(FIND_ACCOUNT, {"name": name.strip().lower()}).one_or_none())


def lock(tx: Connection, name: str) -> Account | None:
    return _account(tx.execute(LOCK_ACCOUNT, {"name": name.strip().lower()}).one_or_none())


def save(tx: Connection, account: Account) -> None:
    row = asdict(account) | {name: list(getattr(account, name)) for name in ("roles", "passwords", "recovery")}
    tx.execute(SAVE_ACCOUNT, row)


def accounts(tx: Connection) -> list[Account]:
    """All of them, disabled ones too, by name."""
    return [account for row in tx.execute(ALL_ACCOUNTS) if (account := _account(row))]


def has_accounts(tx: Connection) -> bool:
    """Whether anybody could log in by an account of our own."""
    return bool(tx.execute(text("select exists (select from accounts where not disabled)")).scalar_one())


def add_session(tx: Connection, session: Session) -> None:
    tx.execute(ADD_SESSION, asdict(session) | {"roles": list(session.roles)})
    tx.execute(FORGET_SESSIONS, {"subject": session.subject, "before": session.created_at - REMEMBERED_FOR})


def lock_session(tx: Connection, digest: bytes) -> Session | None:
    row = tx.execute(LOCK_SESSION, {"digest": digest}).one_or_none()
    return Session(**{**row._mapping, "digest": bytes(row.digest), "roles": tuple(row.roles)}) if row else None


def seen(tx: Connection, digest: bytes, now: datetime) -> None:
    tx.execute(SEEN, {"digest": digest, "now": now})


def end_session(tx: Connection, digest: bytes, why: str, now: datetime) -> None:
    tx.execute(END_SESSION, {"digest": digest, "why": why, "now": now})


def end_sessions(tx: Connection, subject: str, why: str, now: datetime) -> int:
    """Ends every session of `subject`; returns how many."""
    return tx.execute(END_SESSIONS, {"subject": subject, "why": why, "now": now}).rowcount


def log(tx: Connection, at: datetime, account: str | None, event: str, address: str | None) -> None:
    """One line of the log of logins; never what was typed."""
    tx.execute(LOG, {"at": at, "account": account, "event": event, "address": address or None})


def log_of(tx: Connection, account: str, limit: int = 10) -> Sequence[Any]:
    """The newest lines of an account."""
    statement = text("select at, event, address from login_log where account = :account order by id desc limit :limit")
    return tx.execute(statement, {"account": account, "limit": limit}).all()


def units(tx: Connection) -> list[tuple[str, str]]:
    """Codes and names of the units that work, for the choice of a role."""
    rows = tx.execute(text("select code, name from units where active order by code"))
    return [(row.code, row.name) for row in rows]


def _account(row: Any) -> Account | None:
    if row is None:
        return None
    values = dict(row._mapping)
    values |= {"roles": tuple(row.roles), "passwords": tuple(row.passwords)}
    values |= {"recovery": tuple(bytes(each) for each in row.recovery)}
    values |= {"second": bytes(row.second) if row.second is not None else None}
    return Account(**values)
