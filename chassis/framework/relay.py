"""The relay beside the worker, with the chores of its database."""

from chassis import clock
from chassis.delivery import measuring, topology
from chassis.delivery import relay as relaying
from chassis.delivery.envelope import source_of
from chassis.framework.loop import Thread, is_on
from chassis.framework.providers import SettingsProvider, database_of
from chassis.web import idempotency


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
