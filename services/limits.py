"""The time limits that the office promises, for whoever prints or applies one: `contracts/limits.json` as values.

sla's rules make the file (`make contracts`); a number of hours stands in them and nowhere else.
"""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

CONTRACTS = Path(os.environ.get("CONTRACTS", Path(__file__).parents[1] / "contracts"))


def _newest(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """The newest version of each rule, by its name."""
    rules = json.loads(path.read_text(encoding="utf-8"))["limits"]
    return {rule["name"]: rule for rule in sorted(rules, key=lambda rule: rule["version"])}


_RULES = _newest(CONTRACTS / "limits.json")
LIMITS: Mapping[str, timedelta] = MappingProxyType(
    {name: timedelta(seconds=rule["seconds"]) for name, rule in _RULES.items()}
)
"""By the rule's name: `accept`, `dispatch`, `contact`, `close-simple`, `close-complex`."""
YELLOW_LEFT: Mapping[str, timedelta] = MappingProxyType(
    {name: LIMITS[name] * rule["warn_percent_left"] / 100 for name, rule in _RULES.items()}
)
"""How much of each limit is left when its case turns yellow."""
_NUMERALS = dict(zip("123456789", "一两三四五六七八九", strict=True))


def in_hours(duration: timedelta) -> str:
    """As `24`."""
    return f"{duration / timedelta(hours=1):g}"


def hours(name: str) -> str:
    """The limit in hours, as `24`."""
    return in_hours(LIMITS[name])


def hours_in_words(name: str) -> str:
    """The limit in hours as it is read in running text, as `一`; above nine in figures."""
    return _NUMERALS.get(hours(name), hours(name))


def days(name: str) -> str:
    """The limit in days, as `3`."""
    return f"{LIMITS[name] / timedelta(days=1):g}"
