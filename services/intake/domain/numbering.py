"""Case numbers: prefix, date in Asia/Shanghai, six digits; handed out from blocks that no two processes share."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.intake.errors import NumbersExhausted

SHANGHAI = ZoneInfo("Asia/Shanghai")
LAST = 999_999
# After a restore nobody knows which numbers were given out in the time that was lost. So each restore opens a range of
# its own for its day and the days before it; later days start at 1 again.
USUAL = 500_000
AFTER_A_RESTORE = 20_000


@dataclass(slots=True)
class Block:
    """Serials `next` to `end` (inclusive) of one day, owned by one process; those it does not use are never used."""

    day: date
    next: int
    end: int

    def next_serial(self) -> int | None:
        """The next serial, or None when the block is used up."""
        if self.next > self.end:
            return None
        self.next += 1
        return self.next - 1


def day_of(moment: datetime) -> date:
    """The date in the number of a case submitted at `moment` (aware): that of Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def serials(restores: int) -> range:
    """The serials of a day, given how often the database was restored on that day or later. Raises NumbersExhausted."""
    if restores == 0:
        return range(1, USUAL + 1)
    end = USUAL + restores * AFTER_A_RESTORE
    if end > LAST:
        raise NumbersExhausted()
    return range(end - AFTER_A_RESTORE + 1, end + 1)


def number(prefix: str, day: date, serial: int) -> str:
    """`XA20261124000123`. Raises NumbersExhausted beyond six digits."""
    if serial > LAST:
        raise NumbersExhausted()
    return f"{prefix}{day:%Y%m%d}{serial:06d}"


def first_of(prefix: str, day: date) -> str:
    """The smallest number a case of `day` (Asia/Shanghai) or later may have."""
    return number(prefix, day, 0)


def as_typed(given: str) -> str:
    """The number as it was issued, from what a person typed: width, case and blanks do not matter."""
    return unicodedata.normalize("NFKC", given).upper().replace(" ", "")[:40]
