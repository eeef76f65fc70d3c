"""QR codes and what came of them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from services.intake.domain.qr_code import QrCode

Counted = Literal["scans", "starts", "submissions"]

ADD_CODE = text("""
    insert into qr_codes (token, community, place, label, created_at)
    values (:token, :community, :place, :label, :created_at)
""")
CODE = text("select * from qr_codes where token = :token")
CODES = text("select * from qr_codes order by revoked_at is not null, community nulls first, label, created_at")
REVOKE = text("update qr_codes set revoked_at = :at where token = :token and revoked_at is null")
COUNTS: dict[Counted, Any] = {
    name: text(f"update qr_codes set {name} = {name} + 1 where token = :token and revoked_at is null")
    for name in ("scans", "starts", "submissions")
}


def add_code(tx: Connection, code: QrCode) -> None:
    """A new code."""
    tx.execute(ADD_CODE, asdict(code))


def code(tx: Connection, token: str) -> QrCode | None:
    row = tx.execute(CODE, {"token": token}).one_or_none()
    return _code(row) if row else None


def codes(tx: Connection) -> Sequence[QrCode]:
    """All of them, those in use first."""
    return [_code(row) for row in tx.execute(CODES)]


def revoke_code(tx: Connection, token: str, at: datetime) -> bool:
    """Revokes a code; returns whether it was in use until now."""
    return tx.execute(REVOKE, {"token": token, "at": at}).rowcount == 1


def count_code(tx: Connection, token: str, what: Counted) -> bool:
    """Adds one to a count of a code in use; returns whether there is such a code."""
    return tx.execute(COUNTS[what], {"token": token}).rowcount == 1


def _code(row: Row[Any]) -> QrCode:
    return QrCode(**row._mapping)
