"""Reads a run's folder and the four databases into `Evidence`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras

from referee.evidence import Evidence as Books
from referee.evidence import Sms, lines, producer
from referee.evidence import gather as gather_books
from referee.invariants.evidence import (
    Answer,
    Entry,
    Evidence,
    Fault,
    Heard,
    Hit,
    Hostile,
    Poison,
    Post,
    Repeat,
    Row,
    Sample,
    Shift,
    Taken,
)
from services import SERVICES

SUBSCRIBER = "sub.traffic"
TABLES = {
    "intake.cases": """
        select c.number, c.channel, c.kind, c.identity, c.community, c.place, c.description, c.state, c.submitted_at,
            c.accepted_at, c.refused_at, c.version, c.alarm is not null as emergency,
            c.imported is not null as imported,
            length(i.sealed) > 0 as sealed, i.mobile_index is not null as indexed, p.handling, p.promise
        from cases c left join identities i using (number) left join progress p using (number)""",
    "dispatch.cases": """
        select number, state, version, channel, kind, body, community, emergency, submitted_at, accepted_at, unit,
            unit_name, helpers, complexity, priority, sensitive, restricted, dispatched_at, acknowledged_at,
            contacted_at, replied_at, closed_at, imported is not null as imported from cases""",
    "dispatch.work": "select case_number, seq, type from work_log",
    "dispatch.staff": """
        select c.value ->> 'mobile' as mobile, c.value ->> 'name' as name from units, jsonb_each(contacts) c""",
    "sla.cases": """
        select number, version, state, submitted_at, accepted_at, refused_at, emergency, unit, unit_name, helpers,
            complexity, priority, sensitive, restricted, dispatched_at, contacted_at, replied_at, closed_at,
            cast(mark as text) as mark from cases""",
    "sla.clocks": "select number, kind, gen, due, warn_at, status, retracted, met_at, breached_at from clocks",
    "sla.firings": "select number, kind, gen, stage, silent from firings",
    "notify.cases": "select number, intake, dispatch, withdrawal, sla, stops, restricted_by from cases",
    "notify.messages": """
        select cast(id as text) as id, case_number, event, seq, template, audience, recipient, params, useful_until,
            state, ordered, cast(sms as text) as sms, planned_at, ended_at from messages""",
    "notify.sms": "select cast(id as text) as id, audience, state, claimed_at, ended_at from sms",
    "notify.letters": """
        select cast(id as text) as id, case_number, kind, gen, state, version, signed_at, acknowledged_at, voided_at,
            cause from letters""",
}
OF_EACH = {
    "aside": """
        select source, subject, coalesce(headers ->> 'cloudEvents:id', 'unknown') as id, parked_at is not null as parked
        from aside""",
    "attempt": "select event_id from attempt",
    "held": "select subject from outbox where held",
    "halt": "select queue from halt",
}
LOG = """
    select position, published_at, type, subject, seq, epoch, restricted, time, body from event_log order by position"""
WRITTEN = {
    "event_log": "select body from event_log",
    "outbox": "select body from outbox",
    "aside": "select concat_ws(' ', headers, error) from aside",
    "aside bodies": "select body from aside",
    "skipped": "select concat_ws(' ', headers, error, reason) from skipped",
    "skipped bodies": "select body from skipped",
}
WRITTEN_BY_NOTIFY = {
    "messages": "select concat_ws(' ', params, reason) from messages",
    "letters": "select concat_ws(' ', content, reason) from letters",
    "cases": "select concat_ws(' ', intake, dispatch, sla) from cases",
}
FILES = (
    "logs/*.log",
    "metrics/*.txt",
    "subscriber.jsonl",
    "faults.jsonl",
    "hits.jsonl",
    "poison.jsonl",
    "samples.jsonl",
)


def gather(run: Path, urls: Mapping[str, str], topology: Path) -> Evidence:
    """Read all of it; the run's folder holds the ledgers, metrics/, logs/ and letters/."""
    databases = {service: Database(url) for service, url in urls.items()}
    tables = {name: databases[name.partition(".")[0]].rows(statement) for name, statement in TABLES.items()}
    for service, database in databases.items():
        tables |= {f"{service}.{name}": database.rows(statement) for name, statement in OF_EACH.items()}
    poison = tuple(_made(Poison, line) for line in lines(run / "poison.jsonl") if line.get("published", True))
    gateway = tuple(_made(Taken, line) for line in lines(run / "sms.jsonl"))
    books = gather_books(run, urls, topology)
    return Evidence(
        books=_settled(books, tables, gateway, {each.id for each in poison if each.parks}),
        log=tuple(entry for service in SERVICES for entry in _log(service, databases[service])),
        **_driven(run / "demo" / "ledger.jsonl"),
        gateway=gateway,
        heard=tuple(_heard(line["headers"]) for line in lines(run / "subscriber.jsonl")),
        heard_by=_bound(topology),
        faults=tuple(_made(Fault, line) for line in lines(run / "faults.jsonl")),
        hits=tuple(_made(Hit, line) for line in lines(_hits(run))),
        poison=poison,
        samples=tuple(sample for line in lines(run / "samples.jsonl") for sample in _samples(line)),
        shifts=tuple(Shift(_at(x), x["service"], float(x["shift_seconds"])) for x in lines(run / "clocks.jsonl")),
        tables=tables,
        now={service: database.rows("select clock_now() as now")[0]["now"] for service, database in databases.items()},
        written=dict(_written(run, urls)),
    )


class Database:
    """Read-only questions to one database, each answered whole as dictionaries."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg2.connect(url, application_name="lianxin-checker")
        self._connection.set_session(readonly=True, autocommit=True)

    def rows(self, statement: str) -> tuple[Row, ...]:
        with self._connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
            cursor.execute(statement)
            return tuple(cursor.fetchall())


class Column:
    """The texts of one question, fetched in portions whenever they are asked for."""

    def __init__(self, url: str, statement: str) -> None:
        self._url, self._statement = url, statement

    def __iter__(self) -> Iterator[str]:
        connection = psycopg2.connect(self._url, application_name="lianxin-checker")
        try:
            with connection, connection.cursor("texts") as cursor:
                cursor.execute(self._statement)
                yield from (bytes(x).decode(errors="replace") if isinstance(x, memoryview) else x for (x,) in cursor)
        finally:
            connection.close()


class Text:
    """The lines of a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[str]:
        with self._path.open(encoding="utf-8", errors="replace") as file:
            yield from file


def _settled(books: Books, tables: Mapping[str, Any], gateway: tuple[Taken, ...], parking: set[str]) -> Books:
    """The demo's evidence with this gateway's ledger, and without what was meant to be put aside."""
    carried: dict[str, list[str]] = {}
    for message in tables["notify.messages"]:
        carried.setdefault(message["sms"], []).append(message["id"])
    aside = [
        (s, row["source"], row["subject"]) for s in SERVICES for row in tables[f"{s}.aside"] if row["id"] not in parking
    ]
    # Each key once: that one was delivered twice is asked of the gateway's ledger itself.
    sms = tuple(Sms(key, tuple(carried.get(key, ()))) for key in dict.fromkeys(e.key for e in gateway if not e.repeat))
    return replace(books, sms=sms, aside=tuple(dict.fromkeys(aside)))


def _log(service: str, database: Database) -> Iterator[Entry]:
    for row in database.rows(LOG):
        values = {name: row[name] for name in Entry._fields if name not in ("service", "data")}
        yield Entry(service=service, data=json.loads(row["body"]), **values)


def _driven(ledger: Path) -> dict[str, Any]:
    """The driver's own lines: posts with their answers, repeats, hostile requests."""
    first: dict[str, Row] = {}
    answers: dict[str, list[Answer]] = {}
    found: dict[str, list[Any]] = {"repeats": [], "hostile": []}
    for line in lines(ledger):
        if line["what"] == "posting":
            first.setdefault(line["key"], line)
        elif line["what"] in ("answered", "unanswered"):
            answers.setdefault(line["key"], []).append(Answer(line.get("status"), line.get("number")))
        elif line["what"] == "repeated":
            found["repeats"].append(Repeat(line["key"], line["same"], line.get("status"), line.get("number")))
        elif line["what"] == "hostile":
            found["hostile"].append(Hostile(line["marker"], line["kind"], line.get("status")))
    posts = [Post(key, line["body"], _at(line), tuple(answers.get(key, ()))) for key, line in first.items()]
    return {"posts": tuple(posts), **{name: tuple(values) for name, values in found.items()}}


def _made(kind: Any, line: Row) -> Any:
    """A ledger's line as the value of its fields' names."""
    return kind(**{name: _at(line) if name == "at" else line[name] for name in kind._fields})


def _at(line: Row) -> datetime:
    return datetime.fromisoformat(line["at"])


def _heard(headers: Row) -> Heard:
    bare = {name.removeprefix("cloudEvents:"): value for name, value in headers.items()}
    return Heard(producer(bare["source"]), bare["subject"], (int(bare["epoch"]), int(bare["sequence"])))


def _hits(run: Path) -> Path:
    inside = run / "failpoints" / "hits.jsonl"
    return inside if inside.exists() else run / "hits.jsonl"


def _samples(line: Row) -> Iterator[Sample]:
    kind = next(kind for kind in ("process", "database", "queue") if kind in line)
    for what, value in line.items():
        if what not in ("at", "when", kind) and isinstance(value, int | float):
            yield Sample(line["when"], f"{kind} {line[kind]}", what, float(value))


def _bound(topology: Path) -> frozenset[tuple[str, str]]:
    exchanges = json.loads(topology.read_text(encoding="utf-8"))["bindings"].get(SUBSCRIBER, {})
    return frozenset((exchange.removesuffix(".events"), key) for exchange, keys in exchanges.items() for key in keys)


def _written(run: Path, urls: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for service, url in urls.items():
        statements = WRITTEN | (WRITTEN_BY_NOTIFY if service == "notify" else {})
        yield from ((f"{service}'s {table}", Column(url, statement)) for table, statement in statements.items())
    for pattern in FILES:
        yield from ((str(path.relative_to(run)), Text(path)) for path in sorted(run.glob(pattern)))
