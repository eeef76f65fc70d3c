"""Fields of a page's form, turned into what the schemas take."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.dispatch.domain.organisation import Unit

_LOCAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")


def moment(typed: Any) -> Any:
    """A browser's local time is Beijing time here; anything else is left for the schema to refuse."""
    return f"{typed}+08:00" if isinstance(typed, str) and _LOCAL.fullmatch(typed) else typed


def as_list(typed: Any) -> Any:
    """A list, even if one box or none was ticked."""
    return [] if typed is None else typed if isinstance(typed, list) else [typed]


def flags(typed: Mapping[str, Any], *names: str) -> dict[str, bool]:
    """Check boxes: browsers leave out those that are not ticked."""
    return {name: bool(typed.get(name)) for name in names}


def label(unit: Unit) -> str:
    """A unit as the list of the form offers it."""
    return f"{unit.code} {unit.name}"


def unit_code(typed: str, units: Sequence[Unit]) -> str:
    """The code meant by `O10 生态水务办公室`, `o10`, or a name residents use; else what was typed, to be refused."""
    words = typed.strip()
    for unit in units:
        if words.upper() == unit.code or words == label(unit) or words in unit.names():
            return unit.code
    return words[:20]
