"""The last release, from the history: its files, and its whole code for its processes to run again."""

import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

from deploy.machine.folder import ROOT
from deploy.machine.trouble import Trouble

FILE = ROOT / "deploy" / "last-release.toml"


@dataclass(frozen=True)
class Release:
    """A release by its number and its commit; `root` is the checkout whose history has it."""

    version: str
    commit: str
    root: Path = ROOT

    def files(self, under: str) -> list[str]:
        """The paths below a folder, as they were then."""
        listed = self._git("ls-tree", "-r", "--name-only", self.commit, under)
        return listed.decode().splitlines()

    def text(self, path: str) -> str:
        """What a file said then."""
        return self._git("show", f"{self.commit}:{path}").decode()

    def unpack(self, into: Path) -> Path:
        """All its code in a folder; nothing that is not in the history."""
        packed = self._git("archive", "--format=tar", self.commit)
        # Python's own unpacking has its safe filter only from 3.11.4 on; Debian 12 has 3.11.2.
        into.mkdir(parents=True, exist_ok=True)
        subprocess.run(["tar", "-x", "-C", str(into)], input=packed, check=True)
        return into

    def _git(self, *arguments: str) -> bytes:
        command = ["git", "-c", "safe.directory=*", "-C", str(self.root), *arguments]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            raise Trouble(self._why(done.stderr.decode(errors="replace").strip()))
        return done.stdout

    def _why(self, said: str) -> str:
        return (
            f"release {self.version} (commit {self.commit[:12]}) is not in this checkout's history, and today's code "
            "is compared with it; fetch the whole history: `git fetch --unshallow`, in CI a clone of full depth "
            f"(git: {said or 'failed'})"
        )


def last(file: Path = FILE, root: Path = ROOT) -> Release:
    """The release that `deploy/last-release.toml` names."""
    named = tomllib.loads(file.read_text(encoding="utf-8"))
    return Release(named["version"], named["commit"], root)
