"""QR codes on walls and counters: each opens the letter form at its place (R10)."""

import secrets
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class QrCode:
    """One printed code. Without a community it stands for the street. Times in UTC.

    `scans` are openings of the form, `starts` forms somebody typed in, `submissions` letters that came of it.
    """

    token: str
    community: str | None
    place: str
    label: str
    created_at: datetime
    revoked_at: datetime | None = None
    scans: int = 0
    starts: int = 0
    submissions: int = 0


def new_token() -> str:
    """Sixteen characters nobody guesses, short enough for a code that a bad camera reads."""
    return secrets.token_urlsafe(12)
