"""Events as CloudEvents 1.0 in AMQP binary mode: attributes in headers, the data alone in the body.

A consumer that knows nothing about us reads plain JSON; one that does finds the attributes in the headers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

PREFIX = "cloudEvents:"
TYPE_ROOT = "lianxin."


class Undecodable(ValueError):
    """A message that is not one of our events: a header is missing or the body is not JSON."""


@dataclass(frozen=True, slots=True)
class Message:
    """What the broker delivered, before anyone looked inside.

    `held`: this process tried it before, was left by its database, and lived.
    """

    headers: Mapping[str, Any]
    body: bytes
    redelivered: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """An event as a command wants it published: what happened to `subject`, as its `seq`-th event."""

    type: str
    subject: str
    seq: int
    data: Mapping[str, Any]
    partitionkey: str = ""
    restricted: bool = False
    version: int = 1

    def body(self) -> str:
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it arrived. `time` is when its producer recorded it (UTC); `data` holds `at`, when it happened."""

    id: str
    source: str
    type: str
    subject: str
    seq: int
    epoch: int
    time: datetime
    partitionkey: str
    data: Mapping[str, Any]
    version: int = 1

    @property
    def producer(self) -> str:
        """The service that published it: the last part of `source`."""
        return self.source.rsplit("/", 1)[-1]

    @property
    def pair(self) -> tuple[str, str]:
        """Whose subject it is about: a subject's events are in order within one source."""
        return (self.source, self.subject)

    @property
    def place(self) -> tuple[int, int]:
        """Its place among its subject's events."""
        return (self.epoch, self.seq)


def source_of(street: str, service: str) -> str:
    return f"//lianxin/{street}/{service}"


def routing_key(type_: str, version: int = 1, restricted: bool = False) -> str:
    """`case.accepted`, `case.accepted.v2`, `restricted.case.accepted`: what queues are bound to."""
    suffix = "" if version == 1 else f".v{version}"
    return f"{'restricted.' if restricted else ''}{type_}{suffix}"


def headers(source: str, row: RowMapping | Mapping[str, Any]) -> dict[str, str | int]:
    """The message headers of an outbox or log row."""
    attributes = {
        "specversion": "1.0",
        "id": str(row["event_id"]),
        "source": source,
        "type": f"{TYPE_ROOT}{row['type']}.v{row['version']}",
        "subject": row["subject"],
        "time": row["time"].isoformat(),
        "sequence": f"{row['seq']:012d}",
        "epoch": row["epoch"],
        "partitionkey": row["partitionkey"],
    }
    if row["traceparent"]:
        attributes["traceparent"] = row["traceparent"]
    return {PREFIX + name: value for name, value in attributes.items()}


def decode(message_headers: Mapping[str, Any], body: bytes | str) -> Event:
    """The event in a message. Raises Undecodable."""
    try:
        attribute = {name.removeprefix(PREFIX): value for name, value in message_headers.items()}
        if any("\0" in str(value) for value in attribute.values()):
            raise Undecodable("a header holds NUL")
        type_, _, version = attribute["type"].removeprefix(TYPE_ROOT).rpartition(".v")
        data = json.loads(body)
        if not isinstance(data, dict):
            raise Undecodable("the body is not a JSON object")
        return Event(
            id=attribute["id"],
            source=attribute["source"],
            type=type_,
            subject=attribute["subject"],
            seq=int(attribute["sequence"]),
            epoch=int(attribute["epoch"]),
            time=datetime.fromisoformat(attribute["time"]),
            partitionkey=attribute["partitionkey"],
            data=data,
            version=int(version),
        )
    except KeyError as error:
        raise Undecodable(f"header {PREFIX}{error.args[0]} is missing") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise Undecodable(str(error) if isinstance(error, Undecodable) else "not an event of ours") from error
