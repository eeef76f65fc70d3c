"""What a resident adds to a letter (补充). It does not change the case's state."""

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
