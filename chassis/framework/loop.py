"""Loops beside the worker pool, and Nameko workers run on demand.

Every loop runs in a managed green thread of its own, and every failure of one is logged, counted and backed off from:
an exception never ends a loop, only SIGTERM does.
"""

import os
import time
from collections.abc import Callable
from typing import Any, Protocol

import eventlet
from eventlet.event import Event as Signal
from nameko.extensions import Entrypoint

from chassis import logs, metrics

log = logs.get(__name__)

FAILURE_SECONDS = (0.1, 0.5, 1.0, 2.0)  # then every two: five more made a database of four seconds away nine
DRAIN_SECONDS = 8.0


def is_on(role: str) -> bool:
    """Whether this process plays `role`; the command line's --roles narrows it."""
    roles = os.environ.get("ROLES", "all")
    return roles == "all" or role in roles.split(",")


class Watched(Protocol):
    """Something that says when it last turned, on the monotonic clock."""

    last_turn: float


_watched: list[Watched] = []


def watch(loop: Watched) -> None:
    """From here on `last_turn_age` counts this loop."""
    _watched.append(loop)


def unwatch(loop: Watched) -> None:
    if loop in _watched:
        _watched.remove(loop)


def last_turn_age() -> float:
    """Seconds since the slowest loop of this process last turned; 0 when it has none."""
    return max((time.monotonic() - each.last_turn for each in _watched), default=0.0)


class Thread:
    """Calls `step`, which returns the seconds to wait, again and again until stopped."""

    def __init__(self, name: str, step: Callable[[], float]) -> None:
        self.name, self.step = name, step
        self.stopping, self.failures, self.last_turn = False, 0, time.monotonic()
        self.wake = Signal()
        metrics.begin(metrics.LOOP_FAILURES, [name])

    def start(self, container: Any) -> None:
        watch(self)
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
        unwatch(self)


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
