"""The service processes: eight of them, each watched by its ops port, stopped with SIGTERM and, late, with SIGKILL."""

import http.client
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from deploy.machine import ports
from deploy.machine.child import TICK, Child
from deploy.machine.folder import ROOT, Folder
from deploy.system import targets
from deploy.system.environment import Environment
from services import SERVICES

KINDS = ("api", "worker")
PATIENCE = 10.0


class Process:
    """One process of one service; it keeps its ports and its log over restarts. `root` holds the code it runs."""

    def __init__(
        self, folder: Folder, environment: Environment, service: str, kind: str, replica: int = 1, root: Path = ROOT
    ) -> None:
        self.service, self.kind, self.root = service, kind, root
        self.name = f"{service}-{kind}" if replica == 1 else f"{service}-{kind}-{replica}"
        self.environment = environment
        self.child = Child(folder, self.name, signal.SIGTERM)
        self.ops_port, self.http_port = ports.free_port(), ports.free_port() if kind == "api" else 0

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self.child.running

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.child.pid

    @property
    def code(self) -> int | None:
        """Its exit code once it has ended; negative for a signal."""
        return None if self.child.process is None else self.child.process.poll()

    def launch(self) -> None:
        """Start without waiting."""
        self._keep_ports()
        targets.note(self.child.folder, self.name, self.service, self.ops_port)
        command = [sys.executable, "-m", f"services.{self.service}", self.kind]
        self.child.start(command, self.environment.of(self.service, self.ops_port, self.http_port), cwd=self.root)

    def start(self) -> None:
        """Start and wait until it is ready."""
        self.launch()
        self.wait()

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until /readyz says yes (and, for an api, its own port answers)."""
        self.child.wait_until(self.ready, seconds, self.name)

    def _keep_ports(self) -> None:
        """Another program may have taken a port since it was chosen; a front door that nginx knows keeps its own."""
        if not ports.is_free(self.ops_port):
            self.ops_port = ports.free_port()
        if self.http_port and self.child.process is None and not ports.is_free(self.http_port):
            self.http_port = ports.free_port()

    def ready(self) -> bool:
        """Whether it can do its work now."""
        if self.http_port and not ports.answers(self.http_port):
            return False
        return self.ops("/readyz")[0] == 200

    def ops(self, path: str) -> tuple[int, str]:
        """Status and text of `/livez`, `/readyz` or `/metrics`; (0, "") when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ops_port, timeout=2)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def stop(self) -> float:
        """SIGTERM, SIGKILL after ten seconds; the seconds it took to go."""
        began = time.monotonic()
        self.child.stop(PATIENCE)
        return time.monotonic() - began

    def kill(self) -> None:
        """kill -9."""
        self.child.kill()

    def restart(self) -> float:
        """Stop and start, as a rolling update of one replica would; the seconds the old one took to go."""
        took = self.stop()
        self.start()
        return took


class Processes:
    """All processes of a system by name: `processes["sla-worker"]`."""

    def __init__(self, folder: Folder, environment: Environment) -> None:
        self.folder, self.environment = folder, environment
        self.all = {process.name: process for process in (self._new(s, k) for k in KINDS for s in SERVICES)}

    def __getitem__(self, name: str) -> Process:
        return self.all[name]

    def of_kind(self, kind: str) -> list[Process]:
        """The api or the worker processes."""
        return [process for process in self.all.values() if process.kind == kind]

    def add(self, service: str, kind: str = "worker") -> Process:
        """One more replica, not yet started."""
        replica = 1 + sum(each.service == service and each.kind == kind for each in self.all.values())
        process = Process(self.folder, self.environment, service, kind, replica)
        self.all[process.name] = process
        return process

    def launch(self, which: Iterable[Process]) -> None:
        """Start several side by side."""
        for process in which:
            process.launch()

    def wait(self, which: Iterable[Process], seconds: float = 60.0) -> None:
        """Wait until each is ready; Trouble with the end of its log if one ends or takes too long."""
        deadline = time.monotonic() + seconds
        for process in which:
            process.wait(max(deadline - time.monotonic(), 1.0))

    def dead(self) -> list[Process]:
        """Those that were started and have ended by themselves."""
        return [process for process in self.all.values() if process.child.process is not None and not process.running]

    def stop(self) -> None:
        """SIGTERM to all at once, workers too; whoever is still there after ten seconds is killed."""
        running = [process for process in self.all.values() if process.running]
        for process in running:
            process.child.ask_to_stop()
        deadline = time.monotonic() + PATIENCE
        while any(process.running for process in running) and time.monotonic() < deadline:
            time.sleep(TICK)
        for process in self.all.values():
            process.child.stop(patience=0)

    def kill(self) -> None:
        """kill -9 to all."""
        for process in self.all.values():
            process.kill()

    def _new(self, service: str, kind: str) -> Process:
        return Process(self.folder, self.environment, service, kind)
