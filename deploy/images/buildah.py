"""buildah with a store of its own: no daemon, no privileges but root's, nothing pulled."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.machine.folder import ROOT
from deploy.machine.trouble import Trouble


class Buildah:
    """Images and containers below `folder`; vfs, because no overlay can be mounted everywhere."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "buildah.log"
        self.store = [f"--root={folder}/storage", f"--runroot={folder}/run", "--storage-driver=vfs"]

    def __call__(self, *arguments: str | Path) -> str:
        """What it prints. Raises Trouble with the end of its output."""
        command = ["buildah", *self.store, *(str(each) for each in arguments)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
        if done.returncode:
            end = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
            raise Trouble(f"buildah {arguments[0]} failed ({self.log}):\n{end}")
        return done.stdout.strip()

    def has(self, image: str) -> bool:
        """Whether the image is in the store."""
        return bool(self("images", "--quiet", "--filter", f"reference={image}"))

    def build(self, image: str, told: Mapping[str, str], wheels: Path) -> None:
        """Builds deploy/Dockerfile; pip finds everything of `wheels` in /mnt."""
        arguments = [f"--build-arg={name}={value}" for name, value in told.items()]
        self(
            "build-using-dockerfile",
            *("--isolation=chroot", "--pull-never", "--layers=false", "--format=docker"),
            f"--volume={wheels}:/mnt:ro",
            *arguments,
            *(f"--tag={image}", "--file=deploy/Dockerfile", "."),
        )

    def config(self, image: str) -> dict[str, Any]:
        """What the image says about how it is run."""
        found: dict[str, Any] = json.loads(self("inspect", "--type", "image", image))["Docker"]["config"]
        return found

    def mounted(self, image: str) -> tuple[str, Path]:
        """A container of the image, and its root folder."""
        container = self("from", "--pull-never", image)
        return container, Path(self("mount", container))
