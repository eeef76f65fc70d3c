"""Messages and telephones from outside the services: published by hand, the gateway's mode, what its ledger says."""

import json
import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3

from chassis.delivery import topology
from chassis.delivery.broker import Outgoing, Publisher, PublishFailed
from chassis.delivery.envelope import headers, routing_key, source_of
from tests.support.events import STREET

if TYPE_CHECKING:
    from tests.chaos.stand import Stand

ASK_NOTHING = ("case.refused", "case.withdrawal_asked", "case.withdrawn")
"""Types of which some reader reads nothing that could be missing: their poison would be wholesome."""
LACKING = {"number": 7}
"""The data of an event that lacks all the rest."""
AGAIN, OLD = 30, 40  # events published again in one fault
LOG = """
    select event_id, type, version, subject, seq, epoch, partitionkey, restricted, time, traceparent, body
    from event_log order by position {order} limit {limit}"""


def mode(port: int, name: str, seconds: float = 0.0) -> None:
    """Puts the gateway into a mode of tests.chaos.gateway."""
    body = json.dumps({"mode": name, "seconds": seconds}).encode()
    urllib3.request("PUT", f"http://127.0.0.1:{port}/mode", body=body, timeout=5, retries=3)


def taken(path: Path) -> int:
    """How many lines the gateway's ledger has."""
    ledger = path / "sms.jsonl"
    return ledger.read_bytes().count(b"\n") if ledger.exists() else 0


def shift(stand: "Stand", service: str) -> timedelta:
    """How far a database's clock runs ahead."""
    with stand.database(service) as cursor:
        cursor.execute("select shift from clock_offset")
        moved: timedelta = cursor.fetchone()[0]
        return moved


def publish_again(stand: "Stand", consumer: str, chance: random.Random, times: int, newest: bool) -> None:
    """Events of the producers' logs once more into a consumer's queue: the newest in order, or any in no order."""
    queue = f"{consumer}.inbox"
    for producer, keys in _producers(queue).items():
        rows = [row for row in _log(stand, producer, newest) if _key(row) in keys]
        if not newest:
            rows = chance.sample(rows, min(OLD, len(rows)))
        messages = [(headers(source_of(STREET, producer), row), row["body"]) for row in rows]
        _publish(stand, queue, [message for message in messages for _ in range(times)])


def publish_poison(stand: "Stand", consumer: str, chance: random.Random) -> None:
    """One of each: no headers, no JSON, a known type without its fields, a type nobody knows."""
    queue = f"{consumer}.inbox"
    producer, keys = chance.choice(sorted(_producers(queue).items()))
    known = chance.choice(sorted(key for key in keys if key not in ASK_NOTHING and not key.startswith("restricted.")))
    for kind, type_, body, parks in (
        ("bad_json", known, '{"number": ', True),
        ("missing_fields", known, json.dumps(LACKING), True),
        ("unknown_type", "case.abolished", "{}", False),
        ("no_headers", None, "{}", True),
    ):
        row = _row(type_ or known, body)
        told = headers(source_of(STREET, producer), row) if type_ else {}
        arrived = _publish(stand, queue, [(told, body)])
        id_ = told.get("cloudEvents:id", "unknown")
        stand.notes.write(
            "poison", consumer=consumer, id=id_, subject=row["subject"], kind=kind, parks=parks, published=arrived
        )


def _row(type_: str, body: str) -> dict[str, Any]:
    subject = f"poison-{uuid.uuid4().hex[:12]}"
    return {
        "event_id": uuid.uuid4(), "type": type_, "version": 1, "subject": subject, "seq": 1, "epoch": 1,
        "partitionkey": subject, "restricted": False, "time": datetime.now(UTC), "traceparent": None, "body": body,
    }  # fmt: skip


def _producers(queue: str) -> dict[str, set[str]]:
    bindings = topology.load().bindings[queue]
    return {
        exchange.removesuffix(".events"): {key for key in keys if not key.startswith(("to.", "probe."))}
        for exchange, keys in bindings.items()
        if any(not key.startswith(("to.", "probe.")) for key in keys)
    }


def _log(stand: "Stand", producer: str, newest: bool) -> list[Mapping[str, Any]]:
    order, limit = ("desc", AGAIN) if newest else ("asc", 500)
    with stand.database(producer) as cursor:
        cursor.execute(LOG.format(order=order, limit=limit))
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return rows[::-1] if newest else rows


def _key(row: Mapping[str, Any]) -> str:
    return routing_key(row["type"], row["version"], row["restricted"])


def _publish(stand: "Stand", queue: str, messages: Sequence[tuple[Mapping[str, Any], str]]) -> bool:
    """Whether the broker took them all; it may be away, by another fault."""
    publisher = Publisher(stand.rabbit.uri(), "chaos")
    try:
        publisher.publish([Outgoing("", queue, told, body) for told, body in messages])
    except PublishFailed:
        return False
    finally:
        publisher.close()
    return True
