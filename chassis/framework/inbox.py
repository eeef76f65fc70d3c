"""Where events enter a service: each batch of its inbox queue becomes one call of one method.

The way in, in one direction: `chassis.delivery.consumer` takes a batch off the queue, `Inbox` runs the decorated
method as a Nameko worker, the method hands the batch to `chassis.delivery.inbox.receive`. When the worker is done the
consumer acknowledges, and if it raised, keeps the batch and tries again.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import eventlet
from nameko.extensions import Entrypoint

from chassis import metrics
from chassis.delivery import probe, retrier
from chassis.delivery.broker import LOST, Publisher, PublishFailed
from chassis.delivery.consumer import Consumer
from chassis.delivery.subscription import Subscription
from chassis.framework.loop import DRAIN_SECONDS, Thread, call, is_on, watch
from chassis.framework.providers import database_of
from chassis.settings import Settings


class Inbox(Entrypoint):
    """`@Inbox.decorator(current, SUBSCRIPTION)`: calls the method with (messages, as_of) of each batch.

    The method commits the batch before it returns, with `inbox.receive` on the same subscription. The entrypoint needs
    the subscription for what runs beside the queue: the retrier, the probe and the metrics' labels.
    """

    def __init__(self, current: Callable[[], Settings], subscription: Subscription[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.current, self.subscription = current, subscription

    def setup(self) -> None:
        settings, service = self.current(), self.container.service_name
        self.database = database_of(settings, service)
        self.consumer = Consumer(
            settings.amqp_uri, f"{service}.inbox", partial(call, self), f"{service} inbox", sleep=eventlet.sleep
        )
        self.prober = Publisher(settings.amqp_uri, f"{service} probe")
        metrics.begin(metrics.EVENTS, [type_ for _, type_ in self.subscription.reads], metrics.OUTCOMES[:2])
        self.threads = [Thread("retrier", self._retry), Thread("probe", self._probe)]

    def start(self) -> None:
        if not is_on("inbox"):
            return
        watch(self.consumer)
        self.thread = self.container.spawn_managed_thread(self.consumer.run, identifier="inbox")
        for thread in self.threads:
            thread.start(self.container)

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
