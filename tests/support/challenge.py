"""The proof of work that a browser's script would find."""

import itertools

from services.intake.domain.challenge import solved


def answer(question: str, bits: int) -> str:
    """The smallest number that solves it."""
    return next(str(n) for n in itertools.count() if solved(question, str(n), bits))
