"""Nameko's side of the chassis: what a service class is made of. Only `service.py` files import this.

Every loop runs in a managed green thread of its own, outside the worker pool, and every failure of one is logged,
counted and backed off from: an exception never ends a loop, only SIGTERM does.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import eventlet
from eventlet.event import Event as Signal
from kombu.exceptions import OperationalError
from nameko.extensions import DependencyProvider, Entrypoint
from nameko.rpc import Rpc as NamekoRpc

from chassis import clock, logs, metrics
from chassis.database import Database
from chassis.delivery import measuring, probe, retrier, topology
from chassis.delivery import relay as relaying
from chassis.delivery.broker import LOST, Publisher, PublishFailed
from chassis.delivery.consumer import Consumer
from chassis.delivery.envelope import source_of
from chassis.delivery.inbox import Message, receive
from chassis.delivery.subscription import Subscription
from chassis.ops import Ops as OpsServer
from chassis.settings import Settings
from chassis.web import idempotency

log = logs.get(__name__)

FAILURE_SECONDS = (0.1, 0.5, 1.0, 2.0)  # then every two: five more made a database of four seconds away nine
DRAIN_SECONDS = 8.0
# A loop that has not turned for this long is stuck; one that cannot reach broker or database still turns.
STUCK_SECONDS = 30.0
LAG_EVERY_SECONDS = 0.5

_databases: dict[str, Database] = {}


def database_of(settings: Settings, service: str) -> Database:
    """The process's one pool for the service's database."""
    if service not in _databases:
        _databases[service] = Database(
            settings.database_url, pool_size=settings.pool_size, application=f"{service}-worker"
        )
    return _databases[service]


def is_on(role: str) -> bool:
    """Whether this process plays `role`; the command line's --roles narrows it."""
    roles = os.environ.get("ROLES", "all")
    return roles == "all" or role in roles.split(",")


class _Turning(Protocol):
    last_turn: float


_turning: list[_Turning] = []


def last_turn_age() -> float:
    """Seconds since the slowest loop of this process last turned; 0 when it has none."""
    return max((time.monotonic() - each.last_turn for each in _turning), default=0.0)


class Thread:
    """Calls `step`, which returns the seconds to wait, again and again until stopped."""

    def __init__(self, name: str, step: Callable[[], float]) -> None:
        self.name, self.step = name, step
        self.stopping, self.failures, self.last_turn = False, 0, time.monotonic()
        self.wake = Signal()
        metrics.begin(metrics.LOOP_FAILURES, [name])

    def start(self, container: Any) -> None:
        _turning.append(self)
        self.thread = container.spawn_managed_thread(self.run, identifier=self.name)

    def run(self) -> None:
        while not self.stopping:
            self.last_turn = time.monotonic()
            self._wait(self._turn())

    def _turn(self) -> float:
        try:
            seconds = self.step()
        except Exception as error:
            seconds = FAILURE_SECONDS[min(self.failures, len(FAILURE_SECONDS) - 1)]
            self.failures += 1
            metrics.LOOP_FAILURES.labels(self.name).inc()
            log.exception("loop failed", loop=self.name, error=type(error).__name__, again_in_seconds=seconds)
        else:
            self.failures = 0
        return seconds

    def _wait(self, seconds: float) -> None:
        if self.stopping:
            return
        with eventlet.Timeout(max(seconds, 0), False):
            self.wake.wait()

    def stop(self) -> None:
        """Lets the step in hand finish, within the drain time."""
        self.stopping = True
        if not self.wake.ready():
            self.wake.send(None)
        with eventlet.Timeout(DRAIN_SECONDS, False):
            self.thread.wait()
        if self in _turning:
            _turning.remove(self)


class SettingsProvider(DependencyProvider):
    """`settings = SettingsProvider(current)`: the service's settings, read once."""

    def __init__(self, current: Callable[[], Settings]) -> None:
        super().__init__()
        self.current = current

    def get_dependency(self, worker_ctx: Any) -> Settings:
        return self.current()


class DatabaseProvider(SettingsProvider):
    """`database = DatabaseProvider(current)`: the service's database."""

    def setup(self) -> None:
        database = database_of(self.current(), self.container.service_name)
        with database.transaction() as tx:
            if self.current().profile == "production" and clock.shift(tx):
                raise RuntimeError("the database's clock was moved (clock_offset), which production refuses")

    def get_dependency(self, worker_ctx: Any) -> Database:  # type: ignore[override]
        return database_of(self.current(), self.container.service_name)


class Relay(SettingsProvider):
    """`relay = Relay(current)`: publishes the outbox, keeps the log's partitions and the delivery gauges."""

    MAINTAIN_SECONDS = 3600.0
    GAUGES_SECONDS = 5.0

    def setup(self) -> None:
        self.threads: list[Thread] = []
        if not is_on("relay"):
            return
        settings, service = self.current(), self.container.service_name
        self.database = database_of(settings, service)
        with self.database.transaction() as tx:
            relaying.check_producer(tx)
        self.relay = relaying.Relay(
            self.database, settings.amqp_uri, service, source_of(settings.street, service), topology.load()
        )
        self.threads = [
            Thread("relay", self.relay.step),
            Thread("maintain", self._maintain),
            Thread("gauges", self._gauges),
        ]

    def _maintain(self) -> float:
        relaying.maintain(self.database)
        with self.database.transaction() as tx:
            more = idempotency.forget_idempotency(tx, clock.now(tx) - idempotency.KEPT)
        return 0.0 if more else self.MAINTAIN_SECONDS

    def _gauges(self) -> float:
        measuring.measure(self.database, self.relay.missing)
        return self.GAUGES_SECONDS

    def start(self) -> None:
        for thread in self.threads:
            thread.start(self.container)

    def stop(self) -> None:
        for thread in self.threads:
            thread.stop()
        if self.threads:
            self.relay.close()


def call(entrypoint: Entrypoint, *args: Any) -> Any:
    """Runs the entrypoint's method as a Nameko worker and waits: what it returned, or raises what it raised."""
    done = Signal()

    def finished(worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        done.send((result, exc_info))
        return result, exc_info

    entrypoint.container.spawn_worker(entrypoint, args, {}, handle_result=finished)
    result, failure = done.wait()
    if failure is not None:
        raise failure[1]
    return result


class Batch:
    """What a service's receiving entrypoint is given; `apply(database)` returns when all of it is committed."""

    def __init__(self, subscription: Subscription[Any], messages: Sequence[Message], as_of: datetime | None) -> None:
        self.subscription, self.messages, self.as_of = subscription, messages, as_of

    def apply(self, database: Database) -> None:
        receive(database, self.subscription, self.messages, self.as_of)


class Inbox(Entrypoint):
    """`@Inbox.decorator(current, SUBSCRIPTION)`: calls the method with each batch of the service's inbox queue."""

    def __init__(self, current: Callable[[], Settings], subscription: Subscription[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.current, self.subscription = current, subscription

    def setup(self) -> None:
        settings, service = self.current(), self.container.service_name
        self.database = database_of(settings, service)
        self.consumer = Consumer(
            settings.amqp_uri, f"{service}.inbox", self._handle, f"{service} inbox", sleep=eventlet.sleep
        )
        self.prober = Publisher(settings.amqp_uri, f"{service} probe")
        metrics.begin(metrics.EVENTS, [type_ for _, type_ in self.subscription.reads], metrics.OUTCOMES[:2])
        self.threads = [Thread("retrier", self._retry), Thread("probe", self._probe)]

    def start(self) -> None:
        if not is_on("inbox"):
            return
        _turning.append(self.consumer)
        self.thread = self.container.spawn_managed_thread(self.consumer.run, identifier="inbox")
        for thread in self.threads:
            thread.start(self.container)

    def _handle(self, messages: Sequence[Message], as_of: datetime | None) -> None:
        """Runs the batch as a Nameko worker and waits for it; raises what it raised."""
        call(self, Batch(self.subscription, messages, as_of))

    def _retry(self) -> float:
        return 0.0 if retrier.replay_one(self.database, self.subscription, self.current().retry_seconds) else 0.5

    def _probe(self) -> float:
        try:
            probe.send(self.database, self.prober, self.container.service_name)
        except (PublishFailed, *LOST):
            return 1.0  # nothing fires meanwhile, which is what a missing probe means
        return probe.EVERY_SECONDS if self.subscription.tick else probe.SELDOM_SECONDS

    def stop(self) -> None:
        if not is_on("inbox"):
            return
        self.consumer.stop()
        for thread in self.threads:
            thread.stop()
        with eventlet.Timeout(DRAIN_SECONDS, False):
            self.thread.wait()
        self.prober.close()


class Rpc(NamekoRpc):
    """`@Rpc.decorator(expected_exceptions=DomainError)`: answers a question with what the method returns.

    An answer that can't be sent is not sent: the asker has its own deadline. Nameko's would end the whole service.
    """

    def handle_message(self, body: Any, message: Any) -> None:
        message.arrived = time.perf_counter()
        super().handle_message(body, message)

    def handle_result(self, message: Any, worker_ctx: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        metrics.RPC_SECONDS.labels(self.method_name, self._outcome(exc_info)).observe(
            time.perf_counter() - message.arrived
        )
        try:
            answered: tuple[Any, Any] = super().handle_result(message, worker_ctx, result, exc_info)
        except (OperationalError, *LOST) as error:
            log.warning("answer not sent", method=self.method_name, error=type(error).__name__)
            return result, exc_info
        return answered

    def _outcome(self, exc_info: Any) -> str:
        if exc_info is None:
            return "answered"
        return "refused" if isinstance(exc_info[1], self.expected_exceptions) else "failed"


class Loop(Entrypoint):
    """`@Loop.decorator(role="clocks", idle=0.05)`: calls the method again at once while it returns true, else later.

    `idle` is that later, in seconds.
    """

    def __init__(self, role: str, idle: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role, self.idle = role, idle

    def start(self) -> None:
        self.name = f"{self.role}.{self.method_name}"
        self.turning = Thread(self.name, self._step) if is_on(self.role) else None
        if self.turning:
            self.turning.start(self.container)

    def _step(self) -> float:
        if not call(self):
            return self.idle
        metrics.LOOP_RUNS.labels(self.name).inc()
        return 0.0

    def stop(self) -> None:
        if self.turning:
            self.turning.stop()


class Ops(SettingsProvider):
    """`ops = Ops(current)`: health and metrics on a port of their own, outside the worker pool."""

    def setup(self) -> None:
        settings = self.current()
        self.started = False
        self.server = OpsServer(
            settings.ops_port,
            live={"loops": lambda: last_turn_age() < STUCK_SECONDS},
            ready={"started": lambda: self.started},
            host=settings.ops_host,
        )

    def start(self) -> None:
        self.server.start()
        # The worst of half a minute, so that no scrape misses it.
        self.lags: deque[float] = deque(maxlen=round(30 / LAG_EVERY_SECONDS))
        self.due = time.monotonic()
        self.lag = Thread("lag", self._measure_lag)
        self.lag.start(self.container)
        self.started = True

    def _measure_lag(self) -> float:
        now = time.monotonic()
        self.lags.append(max(0.0, now - self.due))
        metrics.HUB_LAG_SECONDS.set(max(self.lags))
        self.due = now + LAG_EVERY_SECONDS
        return LAG_EVERY_SECONDS

    def stop(self) -> None:
        self.started = False
        self.lag.stop()
        self.server.stop()
