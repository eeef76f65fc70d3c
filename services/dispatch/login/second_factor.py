"""The second factor: codes of six digits that change every 30 seconds (RFC 6238), and recovery codes."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

import pyotp
import segno

from services.dispatch.login import hashing

STEP = 30
ISSUER = "连心"
CODES = 8
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """160 bits in base32."""
    return pyotp.random_base32(32)


def step_of(secret: str, code: str, now: datetime, last: int) -> int | None:
    """The step `code` belongs to: the present one or a neighbour, later than `last`, which was used; else None."""
    present, otp = int(now.timestamp()) // STEP, pyotp.TOTP(secret)
    for step in (present, present - 1, present + 1):
        if step > last and hmac.compare_digest(otp.generate_otp(step), code):
            return step
    return None


def address(secret: str, name: str) -> str:
    """What the QR code holds: `otpauth://totp/…`."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def picture(secret: str, name: str) -> str:
    """The QR code as SVG, to stand in the page."""
    return segno.make(address(secret, name), error="m").svg_inline(scale=5, border=4, light="#fff")


def new_recovery_codes() -> list[str]:
    """Eight codes of 50 bits, as `abcde-fghjk`; each is good once."""
    return ["-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(CODES)]


def without(codes: Sequence[bytes], typed: str) -> tuple[bytes, ...] | None:
    """The codes left after `typed` was used; None if it is none of them."""
    used = hashing.digest(typed.strip().lower())
    return tuple(each for each in codes if each != used) if used in codes else None
