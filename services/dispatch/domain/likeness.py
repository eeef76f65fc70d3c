"""How alike two letters are, and how words are found in them: by the pairs of characters they share.

Chinese is written without gaps, so a text is cut into all its pairs of neighbours. Nothing depends on a database's
locale.
"""

import unicodedata
from collections.abc import Collection
from datetime import timedelta

NEAR_WITHIN = timedelta(days=7)  # X11
ALIKE = 0.25  # share of common pairs from which two texts of one place are proposed as the same matter
SHORTEST = 2  # characters of a word that can be searched for


def plain(text: str) -> str:
    """Without blanks and punctuation, full width as half width, in small letters."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


def pairs(text: str) -> frozenset[str]:
    """All pairs of neighbouring characters of a plain text."""
    return frozenset(text[i : i + 2] for i in range(len(text) - 1))


def likeness(one: Collection[str], other: Collection[str]) -> float:
    """The share of pairs that both have, from 0 to 1."""
    union = set(one) | set(other)
    return len(set(one) & set(other)) / len(union) if union else 0.0
