"""Which case this telephone may see: a signed cookie of half an hour; number and code are never in an address."""

from flask import Response, request

from chassis import pages
from services.intake.errors import CaseNotFound

COOKIE, PURPOSE, SECONDS = "lianxin_case", "case", 1800


def open_case(answer: Response, number: str) -> Response:
    """Lets this telephone look at the case for half an hour, since its holder has shown the query code."""
    pages.put_cookie(answer, COOKIE, pages.sign(PURPOSE, number), seconds=SECONDS)
    return answer


def current_number() -> str | None:
    """The number of the case this telephone may see; None without a cookie, or with one that is not ours."""
    number = pages.unsign(PURPOSE, request.cookies.get(COOKIE, ""), SECONDS)
    return number if isinstance(number, str) else None


def required_number() -> str:
    """As `current_number`. Raises CaseNotFound instead of returning None."""
    number = current_number()
    if number is None:
        raise CaseNotFound()
    return number
