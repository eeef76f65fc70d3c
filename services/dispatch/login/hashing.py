"""Hashes: slow ones of passwords (argon2id, 19 MiB: eight logins at once stay below 160 MiB), quick ones of codes."""

import hashlib
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def hashed(password: str) -> str:
    return _HASHER.hash(password)


def matches(password: str, hashed: str | None) -> bool:
    """Whether `password` is the one behind `hashed`. Takes as long when `hashed` is None."""
    try:
        return _HASHER.verify(hashed or NOBODYS, password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def is_former(password: str, former: Iterable[str]) -> bool:
    """Whether `password` is one of those."""
    return any(matches(password, each) for each in former)


def digest(text: str) -> bytes:
    """Of what is too long to be guessed: session ids, recovery codes."""
    return hashlib.sha256(text.encode()).digest()


NOBODYS = hashed("the password of nobody")
