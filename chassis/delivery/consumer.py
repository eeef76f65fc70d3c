"""Takes messages from one quorum inbox queue in batches and acknowledges them once they are committed.

The queue has a single active consumer, so order holds; a standby waits at the broker. On SIGTERM the consumer is not
cancelled first, or its successor would overtake what this process still holds: it stops reading, commits and
acknowledges the current batch and closes the channel, and the rest returns to the front of the queue in order.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from amqp import Channel, Connection
from amqp import Message as AmqpMessage
from amqp.exceptions import ConsumerCancelled, NotFound, PreconditionFailed

from chassis import failpoints, logs, metrics
from chassis.database import is_gone
from chassis.delivery.broker import LOST, connect, drop
from chassis.delivery.envelope import Message
from chassis.delivery.gate import Rebuilding
from chassis.delivery.probe import is_probe, sent_at

log = logs.get(__name__)

BATCH = 100
PREFETCH = 2 * BATCH
IDLE_SECONDS = 0.1
RECONNECT_SECONDS = 1.0
# Half a millisecond of linger for every message of the last batch: nearly none when idle, 50 ms when busy.
# A linger of 20 ms made the difference between 222 and 1,570 cases/s (reliability.md section 8.2).
LINGER_SECONDS_PER_MESSAGE, LINGER_MOST_SECONDS = 0.0005, 0.05

Handle = Callable[[Sequence[Message], datetime | None], None]


class WrongQueue(RuntimeError):
    """The inbox queue exists with other properties than the topology gives it."""


@dataclass
class Consumer:
    """`run()` until `stop()`. `handle(messages, as_of)` returns once all of them are committed."""

    uri: str
    queue: str
    handle: Handle
    name: str
    batch: int = BATCH
    retry_seconds: float = 0.5
    sleep: Callable[[float], None] = time.sleep
    stopping: bool = False
    connected: bool = False
    last_turn: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.arrived: list[AmqpMessage] = []
        self.last_size = 0

    def run(self) -> None:
        while not self.stopping:
            connection = None
            try:
                connection = connect(self.uri, self.name)
                self._consume(connection)
            except NotFound:
                log.error("inbox queue is missing", queue=self.queue, remedy="topology apply, then replay --to")
            except PreconditionFailed as error:
                raise WrongQueue(f"queue {self.queue} was declared otherwise: {error.reply_text}") from error
            except (ConsumerCancelled, *LOST) as error:
                log.warning("inbox connection lost", queue=self.queue, error=type(error).__name__)
            finally:
                self.connected = False
                drop(connection)
            self._pause(RECONNECT_SECONDS)

    def stop(self) -> None:
        """Makes `run` return after the current batch; does not wait itself."""
        self.stopping = True

    def _consume(self, connection: Connection) -> None:
        self.arrived, channel = [], connection.channel()
        channel.queue_declare(self.queue, passive=True)
        channel.basic_qos(0, PREFETCH, False)
        channel.basic_consume(self.queue, callback=self.arrived.append)
        self.connected = True
        log.info("inbox connected", queue=self.queue)
        while not self.stopping:
            self.last_turn = time.monotonic()
            connection.heartbeat_tick()
            self._gather(connection)
            while self.arrived and not self.stopping:
                self._settle(connection, channel, self._take())
        channel.close()

    def _gather(self, connection: Connection) -> None:
        """Waits for a first message, then lingers for others the longer the busier the last batch was."""
        if not self._drain(connection, IDLE_SECONDS):
            self.last_size = 0
            return
        until = time.monotonic() + min(LINGER_MOST_SECONDS, self.last_size * LINGER_SECONDS_PER_MESSAGE)
        while len(self.arrived) < self.batch:
            if not self._drain(connection, max(0.0005, until - time.monotonic())):
                return

    def _drain(self, connection: Connection, seconds: float) -> bool:
        try:
            connection.drain_events(timeout=seconds)
        except TimeoutError:
            return False
        return True

    def _take(self) -> list[AmqpMessage]:
        taken = self.arrived[: self.batch]
        del self.arrived[: self.batch]
        self.last_size = len(taken)
        return taken

    def _settle(self, connection: Connection, channel: Channel, taken: Sequence[AmqpMessage]) -> None:
        probes = [sent_at(m) for m in taken if is_probe(m)]
        messages = [_message(m) for m in taken if not is_probe(m)]
        metrics.BATCH_EVENTS.observe(len(messages))
        with metrics.BATCH_SECONDS.time():
            while not self._handled(messages, max(probes, default=None)):
                messages = [replace(message, held=True) for message in messages]
                self._pause(self.retry_seconds)
                connection.heartbeat_tick()
                if self.stopping:
                    return
        failpoints.hit("consumer.committed")
        channel.basic_ack(taken[-1].delivery_tag, multiple=True)
        failpoints.hit("consumer.acknowledged")

    def _handled(self, messages: Sequence[Message], as_of: datetime | None) -> bool:
        try:
            self.handle(messages, as_of)
        except Exception as error:  # only an absent database or a rebuild should get here; the batch stays in hand
            known = is_gone(error) or isinstance(error, Rebuilding)
            log.warning("batch waits", size=len(messages), error=type(error).__name__, exc_info=not known)
            return False
        return True

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.stopping and time.monotonic() < until:
            self.last_turn = time.monotonic()
            self.sleep(min(0.1, seconds))


def _message(message: AmqpMessage) -> Message:
    headers: dict[str, Any] = message.headers or {}
    body = message.body
    return Message(headers, body if isinstance(body, bytes) else body.encode(), message.delivery_info["redelivered"])
