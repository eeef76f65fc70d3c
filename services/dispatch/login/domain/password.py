"""The rules for passwords (domain.md B8), and how one is generated for an operator to hand out."""

import secrets
import string

from services.dispatch.login.errors import WeakPassword

SHORTEST, LONGEST, KINDS = 10, 200, 3
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def check(password: str, name: str) -> None:
    """Raises WeakPassword: too short, too few kinds of characters, or the account's name in it."""
    kinds = (str.islower, str.isupper, str.isdecimal, lambda each: not each.isalnum() or not each.isascii())
    found = sum(any(kind(each) for each in password) for kind in kinds)
    if not SHORTEST <= len(password) <= LONGEST or found < KINDS or name.lower() in password.lower():
        raise WeakPassword("password")


def generate() -> str:
    """Three groups of four characters, easy to read aloud, of about 70 bits and enough kinds."""
    while True:
        groups = ["".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3)]
        made = "-".join(groups)
        if any(each in string.digits for each in made) and made.lower() != made:
            return made
