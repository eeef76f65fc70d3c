"""What a resident adds to a letter (补充). It changes nothing of the case's way."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Supplement:
    """Words and files added `at` (UTC); `text`, masked by intake, may be empty. `seq` is that of intake's event."""

    number: str
    seq: int
    at: datetime
    text: str
    media: int
