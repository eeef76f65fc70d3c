"""Runs one Nameko service until SIGTERM, and exits within ten seconds whatever the broker does."""

import os
import signal
from typing import Any

import eventlet
from nameko.runners import ServiceRunner

from chassis import logs
from chassis.settings import Settings

log = logs.get(__name__)

MAX_WORKERS = 20
# Nameko's own consumers can't stop while the broker is away (reference on nameko, section 1.3).
STOP_SECONDS = 9.0


def run(service: type[Any], settings: Settings) -> int:
    """Runs the service until it ends; returns the exit code."""
    runner = ServiceRunner({"AMQP_URI": settings.amqp_uri, "max_workers": MAX_WORKERS, "HEARTBEAT": 20})
    runner.add_service(service)
    stopped = eventlet.event.Event()

    def shutdown(signum: int, frame: object) -> None:
        # A signal handler runs in the hub and may not switch; the stopping is done by a green thread.
        eventlet.spawn_n(_stop, runner, stopped)

    signal.signal(signal.SIGTERM, shutdown)
    signal.signal(signal.SIGINT, shutdown)
    eventlet.spawn(_serve, runner, stopped)
    eventlet.spawn(_watch, runner)
    code: int = stopped.wait()
    return code


def _serve(runner: ServiceRunner, stopped: Any) -> None:
    """A service that can't start, or dies, ends its process with a log line instead of lingering half alive."""
    try:
        runner.start()
        runner.wait()
    except Exception as error:
        log.error("service ended", error=type(error).__name__, reason=str(error))
        if not stopped.ready():
            stopped.send(1)


def _watch(runner: ServiceRunner) -> None:
    """A container that is being killed can hang half alive while the broker is away: give it five seconds."""
    while not any(container._being_killed for container in runner.containers):
        eventlet.sleep(1)
    eventlet.sleep(5)
    log.error("service died and did not end", after_seconds=5)
    os._exit(1)


def _stop(runner: ServiceRunner, stopped: Any) -> None:
    in_time = eventlet.with_timeout(STOP_SECONDS, _stopped, runner, timeout_value=False)
    if not in_time:
        log.warning("left without waiting for the broker", after_seconds=STOP_SECONDS)
        os._exit(0)
    if not stopped.ready():
        stopped.send(0)


def _stopped(runner: ServiceRunner) -> bool:
    runner.stop()
    return True
