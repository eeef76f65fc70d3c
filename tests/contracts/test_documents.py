"""The generated documents: as the code has them, whole, and true about who sends, who hears and who may."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from chassis.delivery import probe
from chassis.delivery.envelope import routing_key
from deploy.contracts import __main__ as contracts
from deploy.contracts.__main__ import Party

CONTRACTS = Path(__file__).parents[2] / "contracts"
PARTIES = {party.name: party for party in contracts.parties()}
TOPOLOGY = json.loads((CONTRACTS / "topology.json").read_text(encoding="utf-8"))
ASYNCAPI = yaml.safe_load((CONTRACTS / "asyncapi.yaml").read_text(encoding="utf-8"))
SUBSCRIBERS = json.loads(contracts.SUBSCRIBERS.read_text(encoding="utf-8"))


def published() -> dict[tuple[str, str], Any]:
    return {(party.name, event.type): event for party in PARTIES.values() for event in party.publishes}


def test_the_documents_say_what_the_code_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert contracts.main(["--check"]) == 0, capsys.readouterr().out


def test_every_type_that_is_read_is_published_by_its_producer() -> None:
    read = {pair for party in PARTIES.values() for pair in party.reads}
    assert read <= published().keys()


# --- topology ---


@pytest.mark.parametrize("party", PARTIES.values(), ids=PARTIES)
def test_a_queue_is_bound_to_what_its_service_reads_and_to_nothing_else(party: Party) -> None:
    bound = {(exchange, key) for exchange, keys in TOPOLOGY["bindings"][f"{party.name}.inbox"].items() for key in keys}
    wanted = {
        (f"{producer}.events", routing_key(type_, restricted=restricted))
        for producer, type_ in party.reads
        for restricted in (False, True)
    }
    by_name = {(f"{producer}.events", f"to.{party.name}.inbox") for producer, _ in party.reads}
    assert bound == wanted | by_name | {(f"{party.name}.events", probe.key(party.name))}


@pytest.mark.parametrize("name", SUBSCRIBERS)
def test_an_outside_system_hears_public_types_only(name: str) -> None:
    bound = {
        (exchange.removesuffix(".events"), key)
        for exchange, keys in TOPOLOGY["bindings"][f"sub.{name}"].items()
        for key in keys
    }
    assert bound
    assert all(published()[pair].public for pair in bound)


@pytest.mark.parametrize("name", ["submitted", "triaged", "replied"])
def test_what_a_resident_or_a_unit_wrote_is_no_public_type(name: str) -> None:
    assert not [pair for pair, event in published().items() if pair[1] == f"case.{name}" and event.public]


def test_an_outside_system_may_not_be_bound_to_what_is_not_public() -> None:
    with pytest.raises(contracts.NotPublic):
        contracts.topology(list(PARTIES.values()), {"traffic": {"intake": ["case.submitted"]}})


@pytest.mark.parametrize("user", TOPOLOGY["users"])
def test_a_user_may_read_its_own_queue_and_write_its_own_exchange_and_no_other(user: str) -> None:
    rights = TOPOLOGY["users"][user]
    queues = {queue for queue in TOPOLOGY["bindings"] if re.search(rights["read"], queue)}
    exchanges = {f"{name}.events" for name in PARTIES if re.search(rights["write"], f"{name}.events")}
    assert queues == ({f"{user}.inbox"} if user in PARTIES else {f"sub.{user}"})
    assert exchanges == ({f"{user}.events"} if user in PARTIES else set())
    assert not any(re.search(rights["configure"], name) for name in (*TOPOLOGY["bindings"], *exchanges, "evt-mine"))


# --- AsyncAPI ---


def test_asyncapi_names_exactly_who_sends_and_who_hears_what() -> None:
    told = set(ASYNCAPI["operations"])
    sends = {f"{producer}.{type_}.v1.send" for producer, type_ in published()}
    hears = {
        f"{producer}.{type_}.v1.receive.{party.name}" for party in PARTIES.values() for producer, type_ in party.reads
    }
    assert told == sends | hears
    for name, operation in ASYNCAPI["operations"].items():
        channel = name.removesuffix(".send").split(".receive.")[0]
        assert operation["channel"]["$ref"] == f"#/channels/{channel}"
        assert operation["action"] == ("send" if name.endswith(".send") else "receive")


def test_asyncapi_has_the_parts_that_version_3_asks_for() -> None:
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    assert ASYNCAPI["info"].keys() >= {"title", "version"}
    assert ASYNCAPI.keys() <= {
        "asyncapi",
        "id",
        "info",
        "servers",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    }
    for channel in ASYNCAPI["channels"].values():
        exchange = channel["bindings"]["amqp"]["exchange"]
        assert (channel["bindings"]["amqp"]["is"], exchange["type"]) == ("routingKey", "topic")
        assert channel["address"]
        assert channel["messages"]


@pytest.mark.parametrize(
    "document", [CONTRACTS / "asyncapi.yaml", *sorted((CONTRACTS / "http").glob("*.json"))], ids=lambda path: path.name
)
def test_every_reference_leads_somewhere(document: Path) -> None:
    content = yaml.safe_load(document.read_text(encoding="utf-8"))
    found = list(references(content))
    assert found
    for reference in found:
        assert resolved(content, reference) is not None, reference


def references(content: Any) -> Any:
    if isinstance(content, dict):
        if "$ref" in content:
            yield content["$ref"]
        for each in content.values():
            yield from references(each)
    elif isinstance(content, list):
        for each in content:
            yield from references(each)


def resolved(content: Any, reference: str) -> Any:
    file, _, inside = reference.partition("#")
    if file:
        content = yaml.safe_load((CONTRACTS / file).read_text(encoding="utf-8"))
    for name in inside.strip("/").split("/") if inside else ():
        content = content.get(name.replace("~1", "/").replace("~0", "~"), {})
    return content or None


# --- OpenAPI ---


@pytest.mark.parametrize("service", PARTIES)
def test_openapi_is_valid_openapi_3_1(service: str) -> None:
    document = json.loads((CONTRACTS / "http" / f"{service}.openapi.json").read_text(encoding="utf-8"))
    assert document["openapi"].startswith("3.1")
    OPENAPI_31_VALIDATOR.validate(document)


@pytest.mark.parametrize("service", PARTIES)
def test_every_operation_says_what_it_does_and_what_an_error_looks_like(service: str) -> None:
    document = json.loads((CONTRACTS / "http" / f"{service}.openapi.json").read_text(encoding="utf-8"))
    for path, operations in document["paths"].items():
        assert path.startswith(f"/api/{service}/v1/")
        for method, operation in operations.items():
            if method != "parameters":
                assert operation.get("summary"), f"{method} {path} says nothing"
                assert "default" in operation["responses"], f"{method} {path} has no word for errors"
