"""A small proof of work for an address that has sent many letters: cheap for one letter, expensive for thousands."""

import hashlib


def seed(question: str) -> str:
    """What the browser hashes with its answer: 32 hexadecimal characters."""
    return hashlib.sha256(question.encode()).hexdigest()[:32]


def solved(question: str, answer: str, bits: int) -> bool:
    """Whether the hash of seed and answer begins with `bits` zero bits."""
    if not (answer.isascii() and answer.isdigit() and len(answer) <= 20):
        return False
    digest = hashlib.sha256(f"{seed(question)}:{answer}".encode()).digest()
    return int.from_bytes(digest) >> (256 - bits) == 0
