"""Health and metrics of a worker."""

import time
from collections import deque

from chassis import metrics
from chassis.framework.loop import Thread, last_turn_age
from chassis.framework.providers import SettingsProvider
from chassis.ops import Ops as OpsServer

# A loop that has not turned for this long is stuck; one that cannot reach broker or database still turns.
STUCK_SECONDS = 30.0
LAG_EVERY_SECONDS = 0.5


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
