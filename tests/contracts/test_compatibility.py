"""A contract that is out only grows: compared with the last release, whichever of both versions one meets."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from deploy.machine.folder import ROOT
from deploy.release.last import last
from services import SERVICES
from tests.contracts.compatibility import breaks
from tests.contracts.http_compatibility import http_breaks
from tests.contracts.topology_compatibility import newly_bound, topology_breaks

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


RELEASE = last()


def then(path: str) -> dict[str, Any]:
    """A document as the last release has it."""
    found: dict[str, Any] = json.loads(RELEASE.text(path))
    return found


def now(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / path).read_text(encoding="utf-8"))
    return found


def contracts_of(folder: str) -> list[str]:
    return [name for name in RELEASE.files(folder) if name.endswith(".json") and ".examples/" not in name]


def test_every_event_of_the_last_release_only_grew() -> None:
    names = contracts_of("contracts/events")
    assert len(names) > 20
    gone = [f"{name} is gone" for name in names if not (ROOT / name).exists()]
    assert gone == []
    assert [f"{name}: {line}" for name in names for line in breaks(then(name), now(name))] == []


@pytest.mark.parametrize("service", SERVICES)
def test_callers_of_the_last_release_go_on(service: str) -> None:
    path = f"contracts/http/{service}.openapi.json"
    assert http_breaks(then(path), now(path)) == []


HTTP: dict[str, tuple[Change, str]] = {
    "a path is gone": (lambda d: d["paths"].pop(CASE), "is gone"),
    "a role is shut out": (lambda d: d["paths"][LIST]["get"]["x-roles"].remove("centre"), "no longer for centre"),
    "a header is required": (
        lambda d: d["paths"][CASE]["get"]["parameters"].append({"name": "Pass", "in": "header", "required": True}),
        "Pass is required now",
    ),
    "a field that is sent is refused": (lambda d: schemas(d)["Submission"]["properties"].pop("place"), "sent data.place: is gone"),
    "a field must be sent": (lambda d: schemas(d)["Submission"].setdefault("required", []).append("place"), "sent data.place: is required now"),
    "a field of the answer is gone": (lambda d: schemas(d)["Receipt"]["properties"].pop("query_code"), "answered data.query_code: is gone"),
}  # fmt: skip
CASE, LIST = "/api/intake/v1/cases/{number}", "/api/intake/v1/desk/cases"


def schemas(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]
    return found


@pytest.mark.parametrize("name", HTTP)
def test_a_break_of_an_interface_is_found(name: str) -> None:
    change, told = HTTP[name]
    today = now("contracts/http/intake.openapi.json")
    tomorrow = copy.deepcopy(today)
    change(tomorrow)
    assert any(told in line for line in http_breaks(today, tomorrow))
    assert http_breaks(today, copy.deepcopy(today)) == []


TOPOLOGY = "contracts/topology.json"


def test_processes_of_the_last_release_keep_their_queues_and_rights() -> None:
    assert topology_breaks(then(TOPOLOGY), now(TOPOLOGY)) == []


def test_what_a_reader_newly_hears_stands_in_the_changelog() -> None:
    """A worker of the last release drops a type it does not know: that reader's workers are rolled out first."""
    unreleased = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")[1]
    untold = [
        f"{queue.removesuffix('.inbox')} reads {key}"
        for queue, _, key in newly_bound(then(TOPOLOGY), now(TOPOLOGY))
        if f"`{queue.removesuffix('.inbox')}` reads `{key}`" not in unreleased
    ]
    assert untold == []


def test_a_break_of_the_topology_is_found() -> None:
    today, tomorrow = now(TOPOLOGY), now(TOPOLOGY)
    tomorrow["bindings"]["sla.inbox"]["intake.events"].remove("case.accepted")
    tomorrow["users"]["sla"]["write"] = "^$"
    found = topology_breaks(today, tomorrow)
    assert found[0] == "sla.inbox no longer hears case.accepted of intake.events"
    assert found[1].startswith("sla: may write ^$, was ")
    assert topology_breaks(today, today) == newly_bound(today, today) == []
    assert newly_bound(tomorrow, today) == [("sla.inbox", "intake.events", "case.accepted")]
