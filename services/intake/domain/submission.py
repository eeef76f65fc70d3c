"""A letter as it arrives: what was written and by whom, before it has a number."""

import re
from dataclasses import dataclass

from services.intake.domain.case import Letter

# Control characters, zero-width blanks and marks that turn the writing direction: nobody can see them.
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")


def as_kept(text: str) -> str:
    """Free text as it is kept: one kind of line end, what nobody can see made a blank, the ends trimmed."""
    return UNSEEN.sub(" ", text.replace("\r\n", "\n")).strip()


@dataclass(frozen=True, slots=True)
class Submission:
    """`name` and `mobile` are None only for an anonymous writer."""

    letter: Letter
    name: str | None
    mobile: str | None
