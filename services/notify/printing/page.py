"""A warning letter on paper: its content, fixed when it is signed, and its page in the letter form of GB/T 9704.

No resident's name or telephone number is printed, and no seal is drawn: its place is left empty for the real one
(domain.md B5 and B6).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.limits import days, hours
from services.notify.domain import local_time
from services.notify.domain.letter import REPORT_WITHIN, Letter

_LIMIT_WORDS = {
    "simple": f"简单问题{hours('close-simple')}小时办结",
    "complex": f"复杂问题{days('close-complex')}天办结",
}
NO_NUMBER_YET = "〔签发时编号〕"
# Printed margins come from @page, which screens ignore.
_ON_SCREEN = "@media screen { body { position: relative; width: 156mm; margin: 37mm auto 35mm } }"
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def content(letter: Letter, *, issuer: str, street: str, telephone: str) -> dict[str, str]:
    """All that is printed on a signed `letter`. The page is made from this alone, so it can be printed again.

    Raises ValueError if the letter is not signed.
    """
    if letter.number is None or letter.signed_at is None:
        raise ValueError("only a signed letter can be printed")
    return {
        "issuer": issuer,
        "street": street,
        "telephone": telephone,
        "number": letter.number,
        "unit": letter.unit,
        "unit_name": letter.unit_name,
        "case": letter.case,
        "limit": _LIMIT_WORDS.get(letter.complexity, "按时办结"),
        "dispatched": local_time.minute(letter.started_at),
        "due": local_time.minute(letter.due),
        "breached": local_time.minute(letter.breached_at),
        "report_by": local_time.day(letter.signed_at + REPORT_WITHIN),
        "signed_on": local_time.day(letter.signed_at),
        "signed_at": letter.signed_at.isoformat(),
    }


def html(content: Mapping[str, str]) -> str:
    """The letter with its return slip as one HTML document."""
    return _PAGES.get_template("letter.html").render(content)


def draft(letter: Letter, *, issuer: str, street: str, telephone: str, now: datetime) -> str:
    """The page as it would be if `letter` were signed at `now`, to be read on screen; it has no number yet."""
    unsigned = replace(letter, number=NO_NUMBER_YET, signed_at=now)
    page = html(content(unsigned, issuer=issuer, street=street, telephone=telephone))
    return page.replace("</style>", f"{_ON_SCREEN}</style>", 1)


def file_name(content: Mapping[str, str]) -> Path:
    """The path of the PDF below `LETTERS_DIR`: `C07/宝新警示〔2026〕1号.pdf`."""
    return Path(content["unit"]) / f"{content['number']}.pdf"
