"""The numbers of warning letters: 宝新警示〔2026〕1号 (GB/T 9704, domain.md B6 and C4)."""

import re
from datetime import datetime

from services.notify.domain.local_time import SHANGHAI

NUMBER = re.compile(r"^[\u4e00-\u9fff]{2,10}〔20\d{2}〕[1-9]\d*号$")
CODE = re.compile(r"^[\u4e00-\u9fff]{2,10}$")


def letter_number(code: str, year: int, count: int) -> str:
    """The `count`-th letter (from 1) of `code` in `year`: full year in 〔〕, no 第, no leading zero.

    Raises ValueError if the parts do not make a number of the standard's form.
    """
    number = f"{code}〔{year}〕{count}号"
    if not NUMBER.match(number):
        raise ValueError(f"not a letter number: {number}")
    return number


def year_of(moment: datetime) -> int:
    """The year of the series that a letter signed at `moment` belongs to, in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).year
