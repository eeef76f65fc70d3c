"""A system from nothing to running and back: what `make run` and the demo share."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from deploy.machine import interrupt
from deploy.machine.folder import Folder
from deploy.system.servers import Servers
from deploy.system.system import System

Say = Callable[[str], None]


def say(text: str) -> None:
    """To the person at the terminal, at once."""
    print(text, flush=True)


@dataclass(frozen=True)
class Running:
    """A running system and the servers under it."""

    servers: Servers
    system: System


@contextmanager
def running(
    folder: Folder,
    profile: str = "dev",
    settings: Mapping[str, Mapping[str, str]] | None = None,
    port: int | None = None,
    say: Say = print,
    lan: str | None = None,
) -> Iterator[Running]:
    """Holds the folder, starts everything, stops it at the end of the block however that comes.

    Raises Trouble with one sentence for a person. `say` is told each step and its time; `lan` as in Origin.
    """
    interrupt.listen()
    step = steps(say)
    with folder.lock():
        servers = Servers(folder)
        if servers.orphans:
            step(f"stopped what a killed run had left: {', '.join(servers.orphans)}")
        system = System(folder, servers.environment(profile, settings), port, lan)
        try:
            _start(servers, system, step)
            yield Running(servers, system)
        finally:
            with interrupt.cleanly():
                system.stop()
                servers.stop()
                step("stopped everything")


def _start(servers: Servers, system: System, step: Say) -> None:
    servers.launch()
    servers.ready_databases()
    step("databases are up")
    system.start_doors()
    step(f"letters are taken in at {system.url}")
    servers.ready_broker()
    step("the broker is up, with its topology")
    system.start_workers()
    system.load_organisation()
    step("everything is ready")


def steps(say: Say) -> Say:
    """`step("databases are up")` says it with the seconds since the beginning."""
    began = time.monotonic()
    return lambda text: say(f"{time.monotonic() - began:6.1f} s  {text}")
