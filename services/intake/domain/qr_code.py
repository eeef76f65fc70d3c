"""QR codes on walls and counters: each opens the letter form with its place filled in (R10)."""

import secrets
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class QrCode:
    """One printed code. Without a community it stands for the whole street. Times in UTC.

    `scans` counts how often the form was opened, `starts` how often somebody began to type, `submissions` the letters.
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
    """Sixteen characters nobody can guess, and few enough for a code that a poor camera can read."""
    return secrets.token_urlsafe(12)
