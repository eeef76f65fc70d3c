"""How many SMS a text is billed as (domain.md B9: UCS2, signature included)."""

SINGLE = 70
"""Characters that fit into a single SMS."""
JOINED = 67
"""Characters in each part of a longer one: six bytes of every part number it."""
LONGEST = 500
"""Longer texts are refused by the carriers."""


def length(text: str) -> int:
    """UTF-16 code units of `text`, which is what the carriers count: a character outside the BMP is two."""
    return len(text.encode("utf-16-le")) // 2


def parts(text: str) -> int:
    """The number of SMS that `text`, signature included, is billed as; at least one."""
    units = length(text)
    return 1 if units <= SINGLE else -(-units // JOINED)
