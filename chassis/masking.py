"""Telephone, identity-card and bank-card numbers and car plates in free text, made unreadable.

Meant for text that leaves the place where it was written (events, lists, logs). Full-width digits and the
separators people type are understood. Dates, amounts, floors and case numbers stay as they are.
"""

import re
from collections.abc import Callable

_D = "[0-9０-９]"
_BEFORE, _AFTER = f"(?<!{_D})", f"(?!{_D})"
_GAP = r"[ \t\u00a0\u3000.·_－—–\-]{0,2}"
_NARROW = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789Xx")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


def _digits(count: int) -> str:
    return f"(?:{_GAP}{_D}){{{count}}}"


_MOBILE = re.compile(f"{_BEFORE}(?:(?:[+＋]|[0０]{{2}})?[8８][6６]{_GAP})?([1１]{_GAP}[3-9３-９]{_digits(9)}){_AFTER}")
_IDENTITY = re.compile(f"{_BEFORE}([1-9１-９]{_digits(16)}{_GAP}[0-9０-９XxＸｘ])(?![0-9０-９A-Za-z])")
_OLD_IDENTITY = re.compile(f"{_BEFORE}([1-8１-８]{_D}{{14}}){_AFTER}")
_CARD = re.compile(f"{_BEFORE}([3-6３-６]{_digits(15)}(?:{_digits(1)}|{_digits(2)}|{_digits(3)})?){_AFTER}")
_LANDLINE = re.compile(
    f"{_BEFORE}[(（]?([0０](?:[12１２]{_D}|[3-9３-９]{_D}{{2}}))[)）]?{_GAP}([2-9２-９]{_D}{{2,3}}{_GAP}{_D}{{4}}){_AFTER}"
)
_SERVICE_LINE = re.compile(f"{_BEFORE}([48４８][0０][0０]){_GAP}({_D}{{3,4}}{_GAP}{_D}{{3,4}}){_AFTER}")
_PLATE = re.compile(
    rf"([{_PROVINCES}][A-Za-z])[ ·•.\-]?((?:[A-HJ-NP-Za-hj-np-z0-9０-９]{{5,6}}|[A-HJ-NP-Za-hj-np-z0-9０-９]{{4}}[警学挂港澳领]))"
    r"(?![A-Za-z0-9０-９])"
)


def mask(text: str) -> str:
    """`text` with every number that leads to a person masked: mobiles keep 138****5678, the rest its first part."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def mask_numbers(text: str) -> str:
    """As `mask`, but only mobiles and identity cards: the last defence of a log line, cheap and rarely wrong."""
    return _MOBILE.sub(_mobile, _IDENTITY.sub(_identity, text))


def _plain(text: str) -> str:
    return re.sub(r"[^0-9Xx]", "", text.translate(_NARROW))


def _mobile(match: re.Match[str]) -> str:
    number = _plain(match[1])
    return f"{number[:3]}****{number[-4:]}"


def _identity(match: re.Match[str]) -> str:
    number = _plain(match[1])
    if not _is_identity(number):
        return match[0]
    return f"{number[:3]}***********{number[-4:]}"


def _old_identity(match: re.Match[str]) -> str:
    number = _plain(match[1])
    if not _is_month_day(number[8:12]):
        return match[0]
    return f"{number[:3]}********{number[-4:]}"


def _is_month_day(four: str) -> bool:
    return 1 <= int(four[:2]) <= 12 and 1 <= int(four[2:]) <= 31


def _is_identity(number: str) -> bool:
    """Whether the birthday inside is one (GB 11643). A mistyped check digit still leads to a person, so it is not asked."""
    return number[6:8] in ("18", "19", "20") and _is_month_day(number[10:14])


def _card(match: re.Match[str]) -> str:
    number = _plain(match[1])
    return f"{number[:4]}****{number[-4:]}" if _luhn(number) else match[0]


def _luhn(number: str) -> bool:
    doubled = [int(digit) * 2 for digit in number[-2::-2]]
    return (sum(map(int, number[-1::-2])) + sum(each - 9 if each > 9 else each for each in doubled)) % 10 == 0


def _landline(match: re.Match[str]) -> str:
    return f"{match[1].translate(_NARROW)}-****{_plain(match[2])[-2:]}"


def _plate(match: re.Match[str]) -> str:
    return f"{match[1]}***{match[2][-2:]}"


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_IDENTITY, _identity),
    (_CARD, _card),
    (_MOBILE, _mobile),
    (_OLD_IDENTITY, _old_identity),
    (_LANDLINE, _landline),
    (_SERVICE_LINE, _landline),
    (_PLATE, _plate),
)
