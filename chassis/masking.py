"""Telephone, identity-card and bank-card numbers and car plates in free text, made unreadable.

Meant for text that leaves the place where it was written (events, lists, logs). Full-width digits and the separators
people type are understood. Where a number may be either, privacy wins: an amount of eleven digits that begins like a
mobile is masked. Dates, ordinary amounts, floors, hotlines (400) and case numbers stay as they are.
"""

import re
import unicodedata
from collections.abc import Callable

# One character for one, so that a place found in the plain text is the same place in the text as written.
_PLAIN = {
    point: str(unicodedata.decimal(chr(point)))
    for point in range(0x80, 0x20000)
    if unicodedata.decimal(chr(point), None) is not None
} | {point: chr(point - 0xFEE0) for point in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF08, 0xFF09, 0xFF0B)}

_GAP = "[\\s·_－—–‐‑\u200b-\u200d\u2060\ufeff-]{0,3}"
_BIRTHDAY = f"{_GAP}".join(("(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"))
# The first two digits of a division of China (GB/T 2260).
_DIVISION = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"
_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_PLATE_SIGN = "[0-9A-HJ-NP-Za-hj-np-z]"


def _digits(count: int) -> str:
    return f"(?:{_GAP}[0-9]){{{count}}}"


def _alone(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?<![0-9]){pattern}(?![0-9])")


_IDENTITY = _alone(f"{_DIVISION}{_digits(4)}{_GAP}(?:1[89]|20){_digits(2)}{_GAP}{_BIRTHDAY}{_digits(3)}{_GAP}[0-9Xx]")
_OLD_IDENTITY = _alone(f"{_DIVISION}[0-9]{{4}}[0-9]{{2}}{_BIRTHDAY}[0-9]{{3}}")
_CARD = _alone(f"[3-6]{_digits(15)}(?:{_digits(3)}|{_digits(2)}|{_digits(1)})?")
_MOBILE = _alone(f"(?:(?:\\+|00)?86{_GAP}|0)?(1{_GAP}[3-9]{_digits(9)}|1[3-9][0-9]\\.[0-9]{{4}}\\.[0-9]{{4}})")
_LANDLINE = _alone(f"\\(?(0(?:10|2[0-9]|[3-9][0-9]{{2}}))\\)?{_GAP}[2-9][0-9]{{2,3}}{_GAP}[0-9]{{4}}")
_LOCAL = re.compile(
    f"((?:电话|座机|固话|致电|拨打|[Tt][Ee][Ll])[是为号码:：\\s]{{0,4}})[2-9][0-9]{{3}}{_GAP}[0-9]{{4}}(?![0-9])"
)
_PLATE = re.compile(
    f"({_PROVINCE}{_GAP}[A-Za-z]){_GAP}(?=[A-Za-z]{{0,5}}[0-9])"
    f"(?:{_PLATE_SIGN}{{5,6}}|{_PLATE_SIGN}{{4}}[警学挂港澳领])(?!{_PLATE_SIGN})"
)
_DATE = re.compile("(?:19|20)[0-9]{2}[-—–](?:0?[1-9]|1[0-2])[-—–](?:0?[1-9]|[12][0-9]|3[01])(?![0-9])")
# In a log a number stands alone; a run of digits inside an id in hexadecimal is none.
_LOGGED = re.compile("(?<![0-9a-f-])(?:\\+?86-?)?(1[3-9][0-9]{9})(?![0-9a-f-])")
_LOGGED_IDENTITY = re.compile(f"(?<![0-9a-f-]){_DIVISION}[0-9]{{4}}(?:1[89]|20)[0-9]{{9}}[0-9Xx](?![0-9a-f-])")


def mask(text: str) -> str:
    """`text` with every number that identifies a person masked.

    A mobile keeps its first three and last four digits (138****5678), an identity card the same; a landline keeps
    its area code, a plate its province and letter.
    """
    for pattern, replacement in _RULES:
        text = _replace(text, pattern, replacement)
    return text


def mask_numbers(text: str) -> str:
    """A log line's last line of defence: mobiles and identity cards that stand alone in ASCII digits."""
    return _LOGGED.sub(lambda match: _ends(match[1]), _LOGGED_IDENTITY.sub(_identity, text))


def _replace(text: str, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str | None]) -> str:
    pieces, end = [], 0
    for match in pattern.finditer(text.translate(_PLAIN)):
        masked = replacement(match)
        if masked is not None:
            pieces += [text[end : match.start()], masked]
            end = match.end()
    return "".join([*pieces, text[end:]])


def _number(text: str) -> str:
    return re.sub("[^0-9Xx]", "", text)


def _identity(match: re.Match[str]) -> str:
    number = _number(match[0])
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def _card(match: re.Match[str]) -> str | None:
    number = _number(match[0])
    return f"{number[:4]}****{number[-4:]}" if _is_luhn(number) else None


def _is_luhn(number: str) -> bool:
    """Whether the check digit of a bank card is right (ISO/IEC 7812-1)."""
    doubled = [int(digit) * 2 for digit in number[-2::-2]]
    return (sum(map(int, number[-1::-2])) + sum(each // 10 + each % 10 for each in doubled)) % 10 == 0


def _mobile(match: re.Match[str]) -> str | None:
    if _DATE.search(match[0]):
        return None
    return _ends(_number(match[1]))


def _ends(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}"


def _landline(match: re.Match[str]) -> str:
    return f"{match[1]}-****{match[0][-2:]}"


def _local(match: re.Match[str]) -> str:
    return f"{match[1]}****{match[0][-2:]}"


def _plate(match: re.Match[str]) -> str:
    return f"{match[1]}***{match[0][-2:]}"


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...] = (
    (_IDENTITY, _identity),
    (_CARD, _card),
    (_MOBILE, _mobile),
    (_OLD_IDENTITY, _identity),
    (_LANDLINE, _landline),
    (_LOCAL, _local),
    (_PLATE, _plate),
)
