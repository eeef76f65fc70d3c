"""QR codes: create, list and revoke them, and count what comes of them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from chassis import clock
from services.intake import store
from services.intake.commands.context import Context
from services.intake.domain.qr_code import QrCode, new_token
from services.intake.domain.requests import QrCodeRequest
from services.intake.errors import QrCodeNotFound, UnknownCommunity


def create(tx: Connection, context: Context, request: QrCodeRequest) -> QrCode:
    """A new code. Raises UnknownCommunity."""
    if request.community is not None and request.community not in context.settings.community_codes:
        raise UnknownCommunity("community")
    code = QrCode(new_token(), request.community, request.place, request.label, clock.now(tx))
    store.add_code(tx, code)
    return code


def every(tx: Connection) -> Sequence[QrCode]:
    """All codes, those in use first."""
    return store.codes(tx)


def revoke(tx: Connection, token: str) -> None:
    """The code no longer opens the form; revoking it again is no error. Raises QrCodeNotFound."""
    if not store.revoke_code(tx, token, clock.now(tx)) and store.code(tx, token) is None:
        raise QrCodeNotFound()


def scanned(tx: Connection, token: str) -> QrCode | None:
    """Counts a scan and returns the code; None when it is revoked or unknown: the two look the same."""
    return store.code(tx, token) if store.count_code(tx, token, "scans") else None


def started(tx: Connection, token: str) -> None:
    """Somebody has begun to type."""
    store.count_code(tx, token, "starts")


def submitted(tx: Connection, token: str, start_counted: bool) -> None:
    """A letter was sent from the code. A form without the script could not report its start, so that is counted now."""
    if not start_counted:
        store.count_code(tx, token, "starts")
    store.count_code(tx, token, "submissions")
