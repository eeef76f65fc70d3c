"""Case numbers: prefix, date in Asia/Shanghai, six digits; handed out of blocks so that no two processes share one."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.intake.errors import NumbersExhausted

SHANGHAI = ZoneInfo("Asia/Shanghai")
LAST = 999_999


@dataclass(slots=True)
class Block:
    """Serials `next` to `end` (inclusive) of one day, owned by one process; what it does not use stays a hole."""

    day: date
    next: int
    end: int

    def take(self) -> int | None:
        """The next serial, or None when the block is used up."""
        if self.next > self.end:
            return None
        self.next += 1
        return self.next - 1


def day_of(moment: datetime) -> date:
    """The date a case submitted at `moment` (aware) bears, in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def number(prefix: str, day: date, serial: int) -> str:
    """`XA20261124000123`. Raises NumbersExhausted beyond six digits."""
    if serial > LAST:
        raise NumbersExhausted()
    return f"{prefix}{day:%Y%m%d}{serial:06d}"


def as_typed(given: str) -> str:
    """The number as it was issued, from what a person typed: full width, small letters and blanks do not matter."""
    return unicodedata.normalize("NFKC", given).upper().replace(" ", "")[:40]
