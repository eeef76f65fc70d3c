"""RabbitMQ, with a deadline on everything: a broker in alarm or frozen would otherwise hold a publisher for ever.

Plain py-amqp. On trouble a connection is dropped with `collect()`, never `close()`, which waits for an answer
that may not come (measured: reference on nameko, section 1.5).
"""

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from amqp import Channel, Connection, Message
from amqp.exceptions import AMQPError, NotFound

from chassis import failpoints

DEADLINE_SECONDS = 3.0
HEARTBEAT_SECONDS = 20

# What a lost, refused or frozen broker raises.
LOST = (AMQPError, OSError, socket.timeout)


class PublishFailed(Exception):
    """The broker did not take every message; none may be counted as published."""


class PublishRefused(PublishFailed):
    """The broker answered, and would not take a message: returned as unroutable, or nacked."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    exchange: str
    routing_key: str
    headers: Mapping[str, Any]
    body: str
    mandatory: bool = True


def connect(uri: str, name: str) -> Connection:
    """An open connection; every later read and write on it fails after DEADLINE_SECONDS unless told otherwise."""
    parts = urlsplit(uri)
    connection = Connection(
        host=f"{parts.hostname}:{parts.port or (5671 if parts.scheme == 'amqps' else 5672)}",
        userid=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        login_method="PLAIN",
        virtual_host=unquote(parts.path[1:]) or "/",
        connect_timeout=DEADLINE_SECONDS,
        heartbeat=HEARTBEAT_SECONDS,
        ssl={"context": ssl.create_default_context()} if parts.scheme == "amqps" else False,
        client_properties={"connection_name": name},
    )
    try:
        connection.connect()
        connection.transport.sock.settimeout(DEADLINE_SECONDS)
    except BaseException:
        drop(connection)
        raise
    return connection


def drop(connection: Connection | None) -> None:
    """Lets go of a connection without a word to the broker."""
    if connection is not None:
        try:
            connection.collect()
        except LOST:  # the socket was gone already
            return


@dataclass
class _Window:
    """What of one call to `publish` the broker has answered."""

    open: set[int] = field(default_factory=set)
    refused: str = ""

    def ack(self, tag: int, multiple: bool) -> None:
        self.open = {t for t in self.open if t > tag} if multiple else self.open - {tag}

    def nack(self, tag: int, multiple: bool) -> None:
        self.refused = "nacked"
        self.ack(tag, multiple)

    def returned(self, error: Exception, exchange: str, routing_key: str, message: Message) -> None:
        self.refused = f"no queue is bound to {routing_key} on {exchange}"


class Publisher:
    """Publishes with confirms on a connection of its own; returns within a few seconds whatever the broker does."""

    def __init__(self, uri: str, name: str, on_connect: Callable[[Connection], None] | None = None) -> None:
        self.uri = uri
        self.name = name
        self.on_connect = on_connect
        self.connection: Connection | None = None
        self.channel: Channel | None = None
        self.tag = 0
        self.window = _Window()

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Returns when the broker has confirmed all. Raises PublishRefused or PublishFailed: any may be there then."""
        if not messages:
            return
        try:
            channel = self.open()
            self.window.open, self.window.refused = set(), ""
            for message in messages:
                self.tag += 1
                self.window.open.add(self.tag)
                channel.basic_publish(
                    Message(
                        message.body,
                        content_type="application/json",
                        content_encoding="utf-8",
                        delivery_mode=2,
                        message_id=message.headers.get("cloudEvents:id", ""),
                        application_headers=dict(message.headers),
                    ),
                    exchange=message.exchange,
                    routing_key=message.routing_key,
                    mandatory=message.mandatory,
                )
            failpoints.hit("broker.unconfirmed")
            self._wait_for_confirms()
        except LOST as error:
            self.close()
            raise PublishFailed(f"{type(error).__name__}: the broker did not confirm in time") from error
        if self.window.refused:
            raise PublishRefused(self.window.refused)

    def open(self) -> Channel:
        """The confirming channel, connected on first use."""
        if self.channel is None:
            self.connection = connect(self.uri, self.name)
            if self.on_connect:
                self.on_connect(self.connection)
            self.channel = self.connection.channel()
            self.channel.confirm_select()
            self.tag, self.window = 0, _Window()
            self.channel.events["basic_ack"].add(lambda tag, multiple: self.window.ack(tag, multiple))
            self.channel.events["basic_nack"].add(lambda tag, multiple: self.window.nack(tag, multiple))
            self.channel.events["basic_return"].add(lambda *returned: self.window.returned(*returned))
        return self.channel

    def _wait_for_confirms(self) -> None:
        assert self.connection is not None
        until = time.monotonic() + DEADLINE_SECONDS
        while self.window.open:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.connection.drain_events(timeout=left)

    def idle(self) -> None:
        """Keeps the connection alive between publishes; call about once a second."""
        if self.connection is None:
            return
        try:
            self.connection.heartbeat_tick()
            self.connection.drain_events(timeout=0.001)
        except TimeoutError:
            return
        except LOST:
            self.close()

    def close(self) -> None:
        connection, self.connection, self.channel = self.connection, None, None
        drop(connection)


def depth(uri: str, queue: str) -> tuple[int, int]:
    """Messages ready in the queue, and how many read it; asked passively. Raises NotFound, and what LOST names."""
    connection = connect(uri, "status")
    try:
        declared = connection.channel().queue_declare(queue, passive=True)
        return declared.message_count, declared.consumer_count
    finally:
        drop(connection)


def missing_queues(connection: Connection, queues: Sequence[str]) -> list[str]:
    """Which of the queues do not exist, asked passively."""
    return [queue for queue in queues if not _exists(connection, queue)]


def _exists(connection: Connection, queue: str) -> bool:
    channel = connection.channel()  # a refused passive declare closes its channel
    try:
        channel.queue_declare(queue, passive=True)
    except NotFound:
        return False
    channel.close()
    return True
