"""How a consumer knows that it is caught up: a probe sent through its own inbox queue comes back.

A probe carries the database's time at its sending. Whoever is the active consumer when it arrives knows that all that
was published before that moment has been delivered here; once its batch commits, it is applied. A standby, a consumer
behind a dead connection, one with a backlog and one without a broker all get no fresh probe, and need no other sign
(docs/adr: caught up by probe).
"""

from datetime import datetime
from typing import Any

from amqp import Message as AmqpMessage

from chassis import clock
from chassis.database import Database
from chassis.delivery.broker import Outgoing, Publisher

HEADER = "lianxin-probe"
# Often where something waits for it, now and then where it only measures the lag.
EVERY_SECONDS, SELDOM_SECONDS = 0.25, 1.0


def key(service: str) -> str:
    """The routing key that brings a probe to the service's own inbox."""
    return f"probe.{service}"


def send(database: Database, publisher: Publisher, service: str) -> None:
    """Sends one probe; raises PublishFailed where the broker is away."""
    with database.transaction() as tx:
        moment = clock.now(tx)
    publisher.publish([Outgoing(f"{service}.events", key(service), {HEADER: moment.isoformat()}, "{}")])


def is_probe(message: AmqpMessage) -> bool:
    headers: dict[str, Any] = message.headers or {}
    return HEADER in headers


def sent_at(message: AmqpMessage) -> datetime:
    return datetime.fromisoformat(message.headers[HEADER])
