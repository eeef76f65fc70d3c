"""A process in an image's file system, bounded as in a cluster (deploy/images/contain), on this machine's network."""

import http.client
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.images.composed import Composed
from deploy.images.contents import UID
from deploy.machine import ports
from deploy.machine.child import descendants
from deploy.machine.trouble import Trouble

CONTAIN = Path(__file__).with_name("contain")


class Container:
    """`composed` says what it is told; `env` is the image's own environment, `volumes` the folder of named volumes."""

    def __init__(self, composed: Composed, root: Path, env: Mapping[str, str], folder: Path) -> None:
        self.composed, self.root, self.env = composed, root, dict(env)
        self.folder = folder / composed.name
        self.log = self.folder / "log"
        self.ops_port, self.http_port = ports.free_port(), ports.free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._lay_mounts(folder / "volumes")

    def run(self, arguments: Sequence[str] = (), entrypoint: Sequence[str] = (), asked: str = "") -> str:
        """Runs to the end; what it printed. Raises Trouble when it fails."""
        command = self._command(arguments or self.composed.command, entrypoint)
        done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False, timeout=180)
        if done.returncode:
            said = (done.stdout + done.stderr)[-2000:]
            raise Trouble(f"{self.composed.name} {' '.join(arguments)}: code {done.returncode}\n{said}")
        return done.stdout

    def start(self) -> None:
        """Starts without waiting."""
        with self.log.open("wb") as log:
            command = self._command(self.composed.command, ())
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait(self, seconds: float = 120.0) -> None:
        """Waits until /readyz says yes, and for an api its own port answers."""
        deadline = time.monotonic() + seconds
        while not self._ready():
            if (self.process and self.process.poll() is not None) or time.monotonic() > deadline:
                raise Trouble(f"{self.composed.name} did not become ready:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.1)

    def status(self) -> dict[str, str]:
        """Of the running process, by the kernel: its users, capabilities, and whether it can get new ones."""
        lines = Path(f"/proc/{self._first()}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def stop(self) -> tuple[int, float]:
        """SIGTERM to its first process, as an engine does; exit code, and seconds it took."""
        assert self.process is not None
        began = time.monotonic()
        os.kill(self._first(), signal.SIGTERM)
        return self.process.wait(30), time.monotonic() - began

    def kill(self) -> None:
        """At once."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _command(self, arguments: Sequence[str], entrypoint: Sequence[str]) -> list[str]:
        first = [*(entrypoint or self.composed.entrypoint or ["/venv/bin/lianxin"])]
        told = {"OPS_HOST": "127.0.0.1", "HTTP_HOST": "127.0.0.1"}
        told |= {"OPS_PORT": str(self.ops_port), "HTTP_PORT": str(self.http_port)}
        env = [f"{name}={value}" for name, value in {**self.env, **self.composed.environment, **told}.items()]
        namespaces = ["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child"]
        return [*namespaces, str(CONTAIN), str(self.root), str(self.folder), "env", "-i", *env, *first, *arguments]

    def _lay_mounts(self, volumes: Path) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        for target, source in self.composed.files.items():
            laid = self.folder / "files" / target.lstrip("/")
            laid.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, laid)
        (self.folder / "files").mkdir(parents=True, exist_ok=True)
        lines = []
        for name, target in self.composed.volumes.items():
            (volumes / name).mkdir(parents=True, exist_ok=True)
            os.chown(volumes / name, UID, UID)
            lines.append(f"{volumes / name} {target}\n")
        (self.folder / "volumes").write_text("".join(lines))

    def _ready(self) -> bool:
        if self.composed.command == ["api"] and not ports.answers(self.http_port):
            return False
        return self.get(self.ops_port, "/readyz") == 200

    def get(self, port: int, path: str) -> int:
        """The status of an answer; 0 for none."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def _first(self) -> int:
        """The process that is number one inside."""
        assert self.process is not None
        return min(descendants(self.process.pid), key=lambda pid: _depth(pid))


def _depth(pid: int) -> int:
    """How many started one another between this and the machine's first."""
    status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    parent = int(status[1])
    return 0 if parent <= 1 else 1 + _depth(parent)
