"""The town as the demo's accountant sees a system: ledgers and databases, nothing the simulation remembers of its own."""

import json
from pathlib import Path

from referee import evidence
from referee.evidence import Evidence, Letter, LetterFile, Logged, Message, Post, Sms
from services import SERVICES
from tests.simulation.people import People
from tests.simulation.town import START, Town

TOPOLOGY = Path(__file__).parents[2] / "contracts" / "topology.json"
BINDINGS = evidence._bindings(TOPOLOGY)


def gather(town: Town, people: People) -> Evidence:
    """Everything at once."""
    tables = {service: town.databases[service].tables for service in SERVICES}
    cases = tables["intake"]["cases"].values()
    keys = tables["intake"]["idempotency"].items()
    return Evidence(
        opened_at=min((row["submitted_at"] for row in cases if row["external_id"] is None), default=START),
        posts=tuple(Post(key, text, frozenset(numbers)) for key, (text, numbers) in people.posts.items()),
        sms=tuple(Sms(key, messages) for key, messages in town.gateway.ledger),
        files=tuple(LetterFile(name, sha256, True) for name, sha256 in town.printer.papers.items()),
        cases={row["number"]: (row["description"], row["submitted_at"], row["channel"]) for row in cases},
        claims=tuple((key, row["subject"]) for key, row in keys if key.startswith("letter ")),
        holdings=_holdings(tables),
        log=tuple(_log(town)),
        waiting={service: len(tables[service]["outbox"]) for service in SERVICES},
        aside=tuple(
            (service, row["source"], row["subject"])
            for service in SERVICES
            for row in tables[service]["aside"].values()
        ),
        seen={
            (service, evidence.producer(source), subject): place
            for service in SERVICES
            for (source, subject), place in tables[service]["seen"].items()  # type: ignore[misc]
        },
        bindings=BINDINGS,
        messages=tuple(
            Message(row["id"], row["case_number"], row["event"], row["recipient"], row["state"])
            for row in tables["notify"]["messages"].values()
        ),
        letters=tuple(
            Letter(row["case_number"], row["kind"], row["gen"], row["state"], row["number"], row["sha256"])
            for row in tables["notify"]["letters"].values()
        ),
    )


def _holdings(tables):  # type: ignore[no-untyped-def]
    return {service: frozenset(tables[service]["cases"]) for service in SERVICES}


def _log(town: Town):  # type: ignore[no-untyped-def]
    for service in SERVICES:
        for row in town.databases[service].tables["event_log"].values():
            names = ("type", "subject", "seq", "epoch", "restricted", "time")
            yield Logged(service, *(row[name] for name in names), json.loads(row["body"]))  # type: ignore[arg-type]
