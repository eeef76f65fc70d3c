"""One process that we started: recorded in a file, so that it is found and stopped even after we were killed."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from deploy.machine import interrupt, user
from deploy.machine.folder import ROOT, Folder, private
from deploy.machine.trouble import Trouble

TICK = 0.03


class Child:
    """A process in a session of its own (a Ctrl-C at the terminal reaches only us), its output in logs/<name>.log."""

    def __init__(self, folder: Folder, name: str, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        self.folder, self.name, self.stop_signal = folder, name, stop_signal
        self.log = folder.logs / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it lives (a dead one is reaped on asking)."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id; only while it has been started."""
        assert self.process is not None
        return self.process.pid

    def start(
        self, command: Sequence[str | Path], env: Mapping[str, str], drop: bool = False, cwd: Path = ROOT
    ) -> None:
        """Start it; `drop` gives up root's rights."""
        with self.log.open("ab") as log, interrupt.held_back():
            self.process = subprocess.Popen(
                [str(part) for part in command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **(user.identity() if drop else {}),
            )
            record = {"pid": self.pid, "born": born(self.pid), "signal": int(self.stop_signal)}
            private(self.folder.made("children") / f"{self.name}.json", json.dumps(record))

    def ask_to_stop(self) -> None:
        """Ask it to end, without waiting."""
        if self.running:
            os.kill(self.pid, self.stop_signal)

    def stop(self, patience: float = 10.0) -> int | None:
        """Ask it to end, kill it after `patience` seconds; its exit code."""
        if self.process is None:
            return None
        if self.running:
            tree = descendants(self.pid)
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()
            _kill(tree)
        return self._ended()

    def kill(self) -> None:
        """kill -9, with everything it started."""
        if self.process is not None:
            tree = descendants(self.pid) if self.running else {}
            self.process.kill()
            _kill(tree)
            self._ended()

    def _ended(self) -> int:
        assert self.process is not None
        (self.folder.path / "children" / f"{self.name}.json").unlink(missing_ok=True)
        return self.process.wait()

    def wait_until(self, ready: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until `ready()`; Trouble with the end of the log if it dies first or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise Trouble(f"{what} ended while starting; see {self.log}:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise Trouble(f"{what} did not become ready in {seconds:.0f} s; see {self.log}:\n{self.tail()}")
            time.sleep(TICK)

    def tail(self, lines: int = 8) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def bare() -> dict[str, str]:
    """What any program needs: where programs are, and UTF-8 also when the caller has no LANG."""
    return {
        "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }


def stop_orphans(folder: Folder, patience: float = 10.0) -> list[str]:
    """Stop what a killed holder of this folder left running; the names of what was found."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.made("children").glob("*.json")):
        record = json.loads(path.read_text())
        if alive(record["pid"], record["born"]):
            found[path.stem] = record
        else:
            path.unlink()
    trees = {name: descendants(record["pid"]) | {record["pid"]: record["born"]} for name, record in found.items()}
    for record in found.values():
        with suppress(ProcessLookupError):
            os.kill(record["pid"], record["signal"])
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and any(alive(record["pid"], record["born"]) for record in found.values()):
        time.sleep(TICK)
    for name, tree in trees.items():
        _kill(tree)
        (folder.path / "children" / f"{name}.json").unlink(missing_ok=True)
    return sorted(found)


def born(pid: int) -> str:
    """When the process started, in clock ticks since boot: a pid alone may have been given to another; "" if gone."""
    return _status(pid)[1]


def alive(pid: int, since: str) -> bool:
    """Whether that very process still runs."""
    return since != "" and born(pid) == since


def descendants(pid: int) -> dict[int, str]:
    """Everything the process started, as {pid: born}; sessions and groups do not hide any."""
    everything = {int(path.name): _status(int(path.name)) for path in Path("/proc").iterdir() if path.name.isdigit()}
    found: dict[int, str] = {}
    parents = {pid}
    while parents:
        parents = {child for child, (parent, since) in everything.items() if parent in parents and since}
        found |= {child: everything[child][1] for child in parents}
    return found


def _status(pid: int) -> tuple[int, str]:
    """Parent and birth; (0, "") when it is gone or only its exit code is left."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, ""
    return (0, "") if fields[0] == "Z" else (int(fields[1]), fields[19])


def _kill(tree: Mapping[int, str]) -> None:
    for pid, since in tree.items():
        if alive(pid, since):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(alive(pid, since) for pid, since in tree.items()) and time.monotonic() < deadline:
        time.sleep(TICK)
