"""What the play stands on: a running system, whoever started it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TICK = 0.1


class Stuck(Exception):
    """Something that had to happen did not; the text is a sentence for the operator."""


@dataclass(frozen=True)
class Stage:
    """`run` is the folder of the running system. `kill_broker` is None when the broker belongs to somebody else."""

    run: Path
    origin: str
    databases: Mapping[str, str]
    token: Callable[[str, str | None], str]
    environments: Mapping[str, Mapping[str, str]]  # service → environment of one of its processes, for its commands
    traffic_uri: str
    kill_broker: Callable[[], None] | None
    start_broker: Callable[[], None]


def command(stage: Stage, service: str, *arguments: str) -> None:
    """Run an operator's command of a service: `command(stage, "intake", "import", "file.csv")`. Raises Stuck."""
    done = run_python(["-m", f"services.{service}", *arguments], stage.environments[service])
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
        raise Stuck(f"services.{service} {arguments[0]} failed: {last}")


def run_python(arguments: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program of the project to its end."""
    return subprocess.run(
        [sys.executable, *arguments], env=bare() | dict(env), cwd=ROOT, capture_output=True, text=True, timeout=600
    )


def bare() -> dict[str, str]:
    """What any program needs."""
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}


def wait_for(
    fact: Callable[[], bool],
    seconds: float,
    what: str,
    meanwhile: Callable[[], None] = lambda: None,
    tick: float = TICK,
) -> float:
    """Wait until `fact()`; the seconds it took. Raises Stuck naming `what` when they were not enough."""
    began = time.monotonic()
    while not fact():
        if time.monotonic() - began > seconds:
            raise Stuck(f"{what}: not within {seconds:.0f} s")
        meanwhile()
        time.sleep(tick)
    return time.monotonic() - began
