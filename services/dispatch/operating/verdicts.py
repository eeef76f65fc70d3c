"""What `status` says about dispatch, and what it makes of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.operating.verdicts import ACT, OK, Line

LOADING = "services/dispatch/README.md"


def judge(facts: Mapping[str, Any]) -> Sequence[Line]:
    """Lines on the files that must be loaded before cases are studied, and on the cases."""
    cases = facts["cases"]
    loaded = [_loaded(name, facts) for name in ("organisation", "duties", "directory")]
    return [*loaded, Line("cases", _by_state(cases))]


def _loaded(name: str, facts: Mapping[str, Any]) -> Line:
    missing = facts[name] == "not loaded"
    return Line(name, str(facts[name]), ACT if missing else OK, LOADING if missing else "")


def _by_state(cases: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in cases.items()) or "none"
