"""A letter as it arrives: what was written and by whom, before it has a number."""

from dataclasses import dataclass

from services.intake.case import Letter


@dataclass(frozen=True, slots=True)
class Submission:
    """`name` and `mobile` are None only for an anonymous writer."""

    letter: Letter
    name: str | None
    mobile: str | None
