"""The query code that opens a case to the resident who wrote it."""

import secrets
import unicodedata

# 31 characters that cannot be mistaken for one another: no 0/O, 1/I/L.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8  # 39.6 bits (domain.md B11)


def new() -> str:
    """A fresh code from the system's random source."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def as_typed(given: str) -> str:
    """The code as it was issued, from what a person typed: case, width, blanks and dashes do not matter."""
    return unicodedata.normalize("NFKC", given).upper().replace(" ", "").replace("-", "")[:32]
