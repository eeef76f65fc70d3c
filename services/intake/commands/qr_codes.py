"""What can be done with QR codes: make, look at, revoke, and count what comes of them."""

from collections.abc import Sequence

from sqlalchemy import Connection

from chassis import clock
from services.intake import store
from services.intake.commands.cases import Intake
from services.intake.domain.qr_code import QrCode, new_token
from services.intake.errors import QrCodeNotFound, UnknownCommunity


def create(tx: Connection, house: Intake, community: str | None, place: str, label: str) -> QrCode:
    """A new code. Raises UnknownCommunity."""
    if community is not None and community not in house.settings.community_codes:
        raise UnknownCommunity("community")
    made = QrCode(new_token(), community, place, label, clock.now(tx))
    store.add_code(tx, made)
    return made


def every(tx: Connection) -> Sequence[QrCode]:
    """All codes, those in use first."""
    return store.codes(tx)


def revoke(tx: Connection, token: str) -> None:
    """The code opens no form any more; once more is no error. Raises QrCodeNotFound."""
    if not store.revoke_code(tx, token, clock.now(tx)) and store.code(tx, token) is None:
        raise QrCodeNotFound()


def scanned(tx: Connection, token: str) -> QrCode | None:
    """The code, and one scan more; None when it is revoked or unknown: the two look the same."""
    return store.code(tx, token) if store.count_code(tx, token, "scans") else None


def started(tx: Connection, token: str) -> None:
    """Somebody begins to type."""
    store.count_code(tx, token, "starts")


def submitted(tx: Connection, token: str, start_counted: bool) -> None:
    """A letter came of the code; a form without the script could not say that it was begun."""
    if not start_counted:
        store.count_code(tx, token, "starts")
    store.count_code(tx, token, "submissions")
