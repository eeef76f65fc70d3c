"""A contract that is out only grows."""

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.compatibility import breaks

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "mark": {"type": "string", "enum": ["none", "red"]},
        "due": {"type": ["string", "null"], "format": "date-time"},
        "breach": {"type": "object", "properties": {"gen": {"type": "integer"}}, "required": ["gen"]},
        "contacts": {
            "type": "object",
            "additionalProperties": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
        "helpers": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["number", "mark"],
    "additionalProperties": True,
}
Change = Callable[[dict[str, Any]], Any]


def changed(change: Change) -> dict[str, Any]:
    new = copy.deepcopy(SCHEMA)
    change(new)
    return new


PLANTED: dict[str, tuple[Change, str]] = {
    "a field is removed": (lambda s: s["properties"].pop("due"), "data.due: is gone"),
    "a nested field is removed": (lambda s: s["properties"]["breach"]["properties"].pop("gen"), "data.breach.gen: is gone"),
    "a field becomes required": (lambda s: s["required"].append("due"), "data.due: is required now, and events in the log may lack it"),
    "a field is no longer certain": (lambda s: s["required"].remove("mark"), "data.mark: is no longer always there"),
    "a value is removed": (lambda s: s["properties"]["mark"]["enum"].remove("red"), "data.mark: no longer allows red"),
    "a text becomes a number": (lambda s: s["properties"]["number"].update(type="integer"), "data.number: type was string, is integer"),
    "a field may be null": (
        lambda s: s["properties"]["number"].update(type=["string", "null"]),
        "data.number: type was string, is ['string', 'null']",
    ),
    "a time becomes a text": (lambda s: s["properties"]["due"].pop("format"), "data.due: format was date-time, is None"),
    "what a list holds changes": (lambda s: s["properties"]["helpers"]["items"].update(type="object"), "data.helpers[]: type was string, is object"),
    "what a map holds loses a field": (
        lambda s: s["properties"]["contacts"]["additionalProperties"]["properties"].pop("name"),
        "data.contacts[].name: is gone",
    ),
    "nothing may be added any more": (lambda s: s.update(additionalProperties=False), "data: must not grow any more"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_break_is_found(name: str) -> None:
    change, told = PLANTED[name]
    assert breaks(SCHEMA, changed(change)) == [told]


def test_a_list_of_values_where_anything_was_allowed_is_a_break() -> None:
    assert breaks(SCHEMA, changed(lambda s: s["properties"]["number"].update(enum=["XA1"])))


ADDITIONS: dict[str, Change] = {
    "a field that may be missing": lambda s: s["properties"].update(ward={"type": "string"}),
    "a nested field that may be missing": lambda s: s["properties"]["breach"]["properties"].update(
        why={"type": "string"}
    ),
    "one more value": lambda s: s["properties"]["mark"]["enum"].append("amber"),
    "other words about it": lambda s: s["properties"]["due"].update(description="when it ends"),
}


@pytest.mark.parametrize("name", ADDITIONS)
def test_an_addition_is_no_break(name: str) -> None:
    assert breaks(SCHEMA, changed(ADDITIONS[name])) == []


def git(*arguments: str) -> str | None:
    """What git says, None where it has nothing to say."""
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def test_what_was_promised_at_the_last_release_still_holds() -> None:
    """The last tag, or, before there is any, the last commit."""
    promised = git("describe", "--tags", "--abbrev=0") or "HEAD"
    listed = git("ls-tree", "-r", "--name-only", promised, "contracts/events")
    if listed is None:
        pytest.skip("not a git checkout: nothing to compare with")
    broken = []
    for name in (name for name in listed.splitlines() if name.endswith(".json") and ".examples/" not in name):
        path = ROOT / name
        if not path.exists():
            broken.append(f"{name} is gone")
            continue
        old = json.loads(git("show", f"{promised}:{name}") or "")
        broken += [f"{name}: {line}" for line in breaks(old, json.loads(path.read_text(encoding="utf-8")))]
    assert not broken
