"""Who wrote the letter: how that is checked, and how it is masked for those who may not read it in full."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Identity(StrEnum):
    NAMED = "named"  # 实名
    WITHHELD = "withheld"  # 不公开身份: units see no identity
    ANONYMOUS = "anonymous"  # 匿名


@dataclass(frozen=True, slots=True)
class Writer:
    """The resident's personal data, stored encrypted and in intake only. An anonymous writer may leave out both."""

    name: str | None
    mobile: str | None
    query_code: str


MOBILE = re.compile(r"1[3-9][0-9]{9}")  # R11
COMPOUND_SURNAMES = frozenset(
    {"欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "夏侯", "诸葛"}
    | {"尉迟", "公孙", "慕容", "令狐", "皇甫", "宇文", "长孙", "司徒", "司空", "轩辕"}
)


def mobile_as_typed(given: str) -> str:
    """Eleven digits from what a person typed: width, blanks, dashes and +86 do not matter."""
    bare = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", given))
    return re.sub(r"^(\+|00)86", "", bare)


def is_mobile(number: str) -> bool:
    """Whether `number` is a mainland mobile number (R11)."""
    return MOBILE.fullmatch(number) is not None


def masked_mobile(mobile: str | None) -> str | None:
    """`138****5678` (domain.md B7)."""
    return f"{mobile[:3]}****{mobile[-4:]}" if mobile else None


def masked_name(name: str | None) -> str | None:
    """`张*`, `欧阳**`: the surname, and a star for each further character (domain.md B7)."""
    if not name:
        return None
    surname = name[:2] if name[:2] in COMPOUND_SURNAMES else name[:1]
    return surname + "*" * max(1, len(name) - len(surname))
