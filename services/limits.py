"""The time limits that the office promises, for whoever prints or applies one: `contracts/limits.json` as values.

sla's rules make the file (`make contracts`); a number of hours stands in them and nowhere else.
"""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

CONTRACTS = Path(os.environ.get("CONTRACTS", Path(__file__).parents[1] / "contracts"))


def _read(path: Path) -> Mapping[str, timedelta]:
    rules = json.loads(path.read_text(encoding="utf-8"))["limits"]
    newest = sorted(rules, key=lambda rule: rule["version"])
    return MappingProxyType({rule["name"]: timedelta(seconds=rule["seconds"]) for rule in newest})


LIMITS = _read(CONTRACTS / "limits.json")
"""By the rule's name: `accept`, `dispatch`, `contact`, `close-simple`, `close-complex`."""


def hours(name: str) -> str:
    """The limit in hours, as `24`."""
    return f"{LIMITS[name] / timedelta(hours=1):g}"


def days(name: str) -> str:
    """The limit in days, as `3`."""
    return f"{LIMITS[name] / timedelta(days=1):g}"
