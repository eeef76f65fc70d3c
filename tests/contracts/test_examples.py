"""Every type has examples, and every service reads them with fields it has never heard of, on its own real database."""

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import inbox
from chassis.delivery.envelope import Draft, Event, Message, decode
from chassis.delivery.subscription import Subscription
from deploy.contracts import __main__ as contracts
from deploy.contracts.__main__ import Party
from services.dispatch import commands as dispatch
from services.dispatch.commands import files
from tests.support import recording

PARTIES = {party.name: party for party in contracts.parties()}
PUBLISHED = [(party.name, event.type) for party in PARTIES.values() for event in party.publishes]
EXAMPLES = recording.read()
DATA = Path(files.__file__).parents[1] / "data"
NEW = {"of_tomorrow": {"anything": ["at", 1, None]}}


def test_every_type_has_an_example() -> None:
    shown = {name[:2] for name in EXAMPLES}
    assert [pair for pair in PUBLISHED if pair not in shown] == [], "make record"


def test_every_example_fits_its_contract() -> None:
    assert list(objections({name: example["body"] for name, example in EXAMPLES.items()})) == []


def test_a_contract_lets_every_object_grow() -> None:
    grown_up = {name: grown(example["body"], schema(name)) for name, example in EXAMPLES.items()}
    assert list(objections(grown_up)) == []


def objections(bodies: Mapping[recording.Name, Any]) -> Iterator[str]:
    """What the contracts have against them."""
    for name, body in bodies.items():
        for error in recording.validator(*name[:2]).iter_errors(body):
            yield f"{'/'.join(name)}: {error.json_path}: {error.message}"


def test_every_example_has_the_attributes_of_a_cloud_event() -> None:
    wrong = []
    for name, example in EXAMPLES.items():
        event = event_of(example)
        named = (event.producer, event.type, event.version) == (*name[:2], 1)
        if not (named and event.time.tzinfo is not None and event.seq > 0):
            wrong.append("/".join(name))
    assert wrong == []


def event_of(example: Mapping[str, Any]) -> Event:
    return decode(example["headers"], json.dumps(example["body"]))


def schema(name: recording.Name) -> Mapping[str, Any]:
    found: Mapping[str, Any] = recording.validator(*name[:2]).schema
    return found


def grown(value: Any, schema: Mapping[str, Any]) -> Any:
    """`value` with an unknown field in every object that the contract names the fields of."""
    if isinstance(value, list):
        return [grown(each, schema.get("items", {})) for each in value]
    if not isinstance(value, dict):
        return value
    known, others = schema.get("properties"), schema.get("additionalProperties", {})
    inner = {key: grown(each, known.get(key, {}) if known else others) for key, each in value.items()}
    return inner | NEW if known else inner


@pytest.mark.parametrize("reader", PARTIES.values(), ids=PARTIES)
def test_a_service_reads_every_example_with_fields_it_does_not_know(
    reader: Party, database: Callable[[str], str]
) -> None:
    heard = {name: example for name, example in EXAMPLES.items() if name[:2] in reader.reads}
    assert {name[:2] for name in heard} == set(reader.reads)
    messages = in_order(
        [
            Message(each["headers"], json.dumps(grown(each["body"], schema(name))).encode())
            for name, each in heard.items()
        ]
    )
    known = Database(database(reader.name), pool_size=2)
    try:
        prepare(reader.name, known)
        folded: list[Event] = []
        inbox.receive(known, noting(subscription_of(reader.name), folded), messages)
        with known.transaction() as tx:
            assert tx.execute(text("select type, subject, error from aside")).all() == []
        assert len(folded) == len(messages)
    finally:
        known.close()


def in_order(messages: list[Message]) -> list[Message]:
    """As they happened; within a subject by number, whatever the time."""
    return sorted(messages, key=lambda m: (m.headers["cloudEvents:sequence"], m.headers["cloudEvents:time"]))


def subscription_of(service: str) -> Subscription[Any]:
    found: Subscription[Any] = importlib.import_module(f"services.{service}.commands").SUBSCRIPTION
    return found


def noting(subscription: Subscription[Any], folded: list[Event]) -> Subscription[Any]:
    """The service's own subscription; what it folded is noted."""

    def fold(value: Any, event: Event, now: datetime) -> tuple[Any, list[Draft]]:
        result = subscription.fold(value, event, now)
        folded.append(event)
        return result

    return replace(subscription, fold=fold)


def prepare(service: str, database: Database) -> None:
    """Dispatch judges cases by its organisation and duty list."""
    if service == "dispatch":
        with database.transaction() as tx:
            dispatch.load_organisation(tx, files.organisation(DATA / "organisation.demo.json"))
            dispatch.load_duties(tx, files.duties(DATA / "duties.demo.json"))
