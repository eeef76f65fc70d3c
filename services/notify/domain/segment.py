"""How many SMS a text costs (domain.md B9: UCS2, signature included)."""

SINGLE = 70
"""Characters in an SMS that travels alone."""
JOINED = 67
"""Characters in each part of a longer one: six bytes of every part say which it is."""
LONGEST = 500
"""The carriers refuse more than this."""


def length(text: str) -> int:
    """UTF-16 code units of `text`, the unit the carriers count: a rare character outside the BMP is two."""
    return len(text.encode("utf-16-le")) // 2


def parts(text: str) -> int:
    """The number of SMS that `text`, signature included, is billed as; at least one."""
    units = length(text)
    return 1 if units <= SINGLE else -(-units // JOINED)
