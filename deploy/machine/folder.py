"""The folder that holds everything at run time (`.run`), and who may use it."""

import fcntl
import hashlib
import json
import os
import secrets
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.machine import user
from deploy.machine.trouble import Trouble

ROOT = Path(__file__).resolve().parents[2]


class Folder:
    """Layout of one running system: logs, secrets, records of what was started, data of the servers."""

    def __init__(self, path: Path | str | None = None) -> None:
        """`path` None means the folder named by the variable RUN, or `.run` in the checkout."""
        self.path = Path(path or os.environ.get("RUN") or ROOT / ".run").resolve()
        self.path.mkdir(parents=True, exist_ok=True)
        self.logs = self.made("logs")

    def made(self, name: str, mode: int = 0o755) -> Path:
        """The sub-folder `name`, created when missing."""
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True, mode=mode)
        return path

    def data(self, name: str) -> Path:
        """A folder the unprivileged server user can reach and owns, mode 700.

        Inside this folder where possible. Under /var/tmp when the checkout is in a home closed to others (root's), or
        at a path the servers' start scripts could not take: with a blank in it, or too long.
        """
        path = self._reachable() / name
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        user.give(path)
        return path

    def outside(self) -> Path | None:
        """Where the servers' data are if they could not be inside the folder."""
        base = self._reachable()
        return None if base == self.path else base

    def _reachable(self) -> Path:
        if user.can_reach(self.path) and len(str(self.path)) < 150 and not set(str(self.path)) & set(" \t\"'$;{}"):
            return self.path
        base = Path("/var/tmp") / f"lianxin-{hashlib.sha256(bytes(self.path)).hexdigest()[:12]}"
        base.mkdir(exist_ok=True, mode=0o711)
        if base.is_symlink() or base.stat().st_uid != os.getuid():
            raise Trouble(f"{base} belongs to somebody else; remove it, or put the checkout where others may read it.")
        return base

    def secret(self, name: str, make: Any = lambda: secrets.token_urlsafe(24)) -> str:
        """The secret `name`, invented once and kept in `secrets/` (mode 600)."""
        path = self.made("secrets", 0o700) / name
        if not path.exists():
            private(path, make())
        return path.read_text().strip()

    def secret_file(self, name: str, make: Any = lambda: secrets.token_urlsafe(24)) -> Path:
        """The file of that secret, for settings that end in `_FILE`."""
        self.secret(name, make)
        return self.path / "secrets" / name

    def remember(self, name: str, value: Any) -> None:
        """Keep a JSON value between starts."""
        private(self.path / f"{name}.json", json.dumps(value))

    def recall(self, name: str) -> Any:
        """The value kept under `name`, or None."""
        try:
            return json.loads((self.path / f"{name}.json").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def holder(self) -> dict[str, Any] | None:
        """Who holds the lock now: pid and command; None when nobody does. Raises Trouble in the moment of taking it."""
        with (self.path / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                return _holder(file.read())
        return None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder; Trouble names the process that holds it already."""
        with (self.path / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                by = _holder(file.read())
                raise Trouble(
                    f"{self.path} is in use by process {by['pid']} ({by['command']});"
                    " stop it with Ctrl-C there or `make stop` here."
                ) from None
            file.truncate(0)
            file.write(json.dumps({"pid": os.getpid(), "command": shlex.join(sys.argv)}))
            file.flush()
            yield


def private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.rename(path)


def _holder(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except ValueError:
        raise Trouble("Another program is just starting here; try again in a second.") from None
