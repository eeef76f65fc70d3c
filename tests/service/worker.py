"""A service's worker as a process of its own on a real broker, and waiting for what it does."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.database import Database
from deploy.system.testbed import Vhost

ROOT = Path(__file__).parents[2]


@contextmanager
def worker(service: str, database: Database, broker: Vhost, log: Path, **told: str) -> Iterator[None]:
    """Runs it for the block; it must leave in an orderly way. `told` adds to its environment."""
    env = {
        **os.environ,
        "PROFILE": "dev",
        "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "AMQP_URI": broker.uri(service),
        "OPS_PORT": "0",
        "OPS_HOST": "127.0.0.1",
        **told,
    }
    command = [sys.executable, "-m", f"services.{service}", "worker"]
    with log.open("wb") as written:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=written, stderr=written)
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(15) == 0, log.read_text()


def wait_for(fact: Callable[[], bool], log: Path, seconds: float = 60.0) -> None:
    """Returns once `fact()` holds; fails with the end of the worker's log after `seconds`."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, log.read_text()[-4000:]
        time.sleep(0.05)
