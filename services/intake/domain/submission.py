"""A letter as it comes in: what was written and by whom, before it has a number."""

import re
from dataclasses import dataclass

from services.intake.domain.case import Statement

# Control characters, zero-width blanks and marks that reverse the writing direction: nobody can see them.
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")


def clean_text(text: str) -> str:
    """Free text as it is stored: uniform line ends, invisible characters replaced by blanks, trimmed."""
    return UNSEEN.sub(" ", text.replace("\r\n", "\n")).strip()


@dataclass(frozen=True, slots=True)
class Submission:
    """A letter and its writer; `name` and `mobile` are None only for an anonymous one."""

    statement: Statement
    name: str | None
    mobile: str | None


def fingerprint(submission: Submission) -> str:
    """What tells one letter from another under an Idempotency-Key.

    Spelled as release 0.1.0 spelled it: during a rolling upgrade, and for the 48 hours a key is kept, either release
    may be sent a letter again that the other took in.
    """
    return repr(submission).replace("statement=Statement(", "letter=Letter(", 1)
