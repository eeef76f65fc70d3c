"""The folder of backups: each of them whole or not there at all, the newest kept, the last good one never deleted."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from deploy.backup import manifest as backup_manifest
from deploy.backup.manifest import Manifest
from deploy.machine.trouble import Trouble

UNFINISHED = ".unfinished-"


class Backups:
    """Backups below one folder, each named by its time in UTC."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def held(self) -> Iterator[None]:
        """One backup at a time; what a broken one left is removed. Raises Trouble when another is under way."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / ".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Trouble(f"Another backup into {self.path} is under way.") from None
            for left in self.path.glob(f"{UNFINISHED}*"):
                shutil.rmtree(left)
            yield

    @contextmanager
    def new(self) -> Iterator[Path]:
        """A folder to write into; it is removed unless `keep` gave it its name."""
        folder = self.path / f"{UNFINISHED}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, folder: Path, manifest: Manifest) -> Path:
        """Finishes a new folder: everything is on the disk before it has its name, which it gets in one step."""
        (folder / backup_manifest.NAME).write_text(manifest.text(), encoding="utf-8")
        for path in sorted(folder.iterdir()):
            path.chmod(0o600)
            _sync(path)
        _sync(folder)
        named = self.path / folder.name.removeprefix(UNFINISHED)
        folder.rename(named)
        _sync(self.path)
        return named

    def good(self) -> list[Path]:
        """Those whose manifest can be read and whose files have the size it says, oldest first."""
        found = [path for path in sorted(self.path.glob("[0-9]*")) if path.is_dir()]
        return [path for path in found if _looks_whole(path)]

    def newest(self) -> Path:
        """The newest good one. Raises Trouble when there is none."""
        if not (good := self.good()):
            raise Trouble(f"There is no backup in {self.path}; `make backup` makes one.")
        return good[-1]

    def forget(self, keep: int) -> list[Path]:
        """Deletes what is older than the newest `keep` good ones; at least one good one stays whatever is asked."""
        good = self.good()
        if not good:
            return []
        oldest = good[-max(1, keep) :][0]
        gone = [path for path in sorted(self.path.glob("[0-9]*")) if path.is_dir() and path.name < oldest.name]
        for path in gone:
            shutil.rmtree(path)
        return gone


def _looks_whole(folder: Path) -> bool:
    try:
        saved = backup_manifest.read(folder).services.values()
        return all((folder / each.file).stat().st_size == each.bytes for each in saved)
    except (Trouble, OSError):
        return False


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
