"""Which case this telephone holds: a signed cookie of half an hour; number and code are never in an address."""

from flask import Response, request

from chassis import pages
from services.intake.errors import CaseNotFound

HELD, PURPOSE, SECONDS = "lianxin_case", "case", 1800


def hold(answer: Response, number: str) -> Response:
    """The holder of the code of `number` may look at it for half an hour."""
    pages.put_cookie(answer, HELD, pages.sign(PURPOSE, number), seconds=SECONDS)
    return answer


def held() -> str | None:
    """The number of the case this telephone holds; None without one, or with a cookie that is none of ours."""
    number = pages.unsign(PURPOSE, request.cookies.get(HELD, ""), SECONDS)
    return number if isinstance(number, str) else None


def expected() -> str:
    """As `held`. Raises CaseNotFound without one."""
    number = held()
    if number is None:
        raise CaseNotFound()
    return number
