"""Starts again what dies, as an orchestrator would, and writes down when it ran again."""

import threading
import time
from typing import TYPE_CHECKING

from deploy.machine.child import Child
from deploy.machine.trouble import Trouble

if TYPE_CHECKING:
    from tests.chaos.stand import Stand

LOOK_EVERY = 0.2
BACK_OFF = (0.0, 0.0, 0.5, 1.0, 2.0)  # seconds before the n-th start in a row of something that keeps dying
STEADY = 15.0  # after so many seconds alive, a new death is a first one again


class Supervisor:
    """Watches processes, servers and the outside; `held` names what a fault wants to stay down."""

    def __init__(self, stand: "Stand") -> None:
        self.stand = stand
        self.held: set[str] = set()
        self.restarts: dict[str, int] = {}
        self._starts: dict[str, list[float]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def dead(self) -> list[str]:
        """What was started and does not run now."""
        return [name for name, child in self._children().items() if child.process is not None and not child.running]

    def _children(self) -> dict[str, Child]:
        stand = self.stand
        table = {process.name: process.child for process in stand.system.processes.all.values()}
        table |= {f"postgres-{service}": cluster.child for service, cluster in stand.clusters.items()}
        table |= {"broker": stand.rabbit.child, "epmd": stand.rabbit.epmd, "origin": stand.system.origin.child}
        return table | {"gateway": stand.gateway, "subscriber": stand.subscriber}

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            for name in self.dead():
                if name not in self.held and self._may(name):
                    self._again(name)

    def _may(self, name: str) -> bool:
        now = time.monotonic()
        recent = [at for at in self._starts.get(name, []) if now - at < STEADY]
        if recent and now - recent[-1] < BACK_OFF[min(len(recent), len(BACK_OFF) - 1)]:
            return False
        self._starts[name] = [*recent, now]
        return True

    def _again(self, name: str) -> None:
        stand = self.stand
        self.restarts[name] = self.restarts.get(name, 0) + 1
        try:
            if name in stand.system.processes.all:
                stand.system.processes[name].launch()
            elif name.startswith("postgres-"):
                stand.clusters[name.removeprefix("postgres-")].launch()
            elif name in ("broker", "epmd"):
                stand.rabbit.launch()
            elif name == "gateway":
                stand.start_gateway()
            elif name == "subscriber":
                stand.start_subscriber()
        except Trouble as trouble:
            stand.notes.write("supervisor", name=name, trouble=str(trouble))
