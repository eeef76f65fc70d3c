"""RabbitMQ 4 as Debian 13 has it, in a folder made by debootstrap, beside the Debian 12 this runs on."""

import shutil
import subprocess
import sys
from pathlib import Path

from deploy.machine import user
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.servers.rabbit import Rabbit

SYSTEM = Path("/var/cache/lianxin/debian13")
PROGRAMS = "/usr/lib/rabbitmq/bin"
MOUNTED = ("/proc", "/sys")


class Rabbit4(Rabbit):
    """The same node with the programs of another distribution: run inside its folder, where ours is mounted too."""

    drop = False  # only root may change into the folder; its chroot gives up the rights

    def __init__(self, folder: Folder) -> None:
        super().__init__(folder)
        prepare()
        self.inside = [*MOUNTED, str(folder.path)]
        for path in self.inside:
            (SYSTEM / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
            _run("mount", "--bind", path, str(SYSTEM / path.lstrip("/")))

    def command(self, program: str) -> list[str]:
        ids = user.identity()
        return ["chroot", f"--userspec={ids['user']}:{ids['group']}", str(SYSTEM), f"{PROGRAMS}/{program}"]

    def leave(self) -> None:
        """Takes the mounts away again."""
        for path in reversed(self.inside):
            subprocess.run(["umount", "--lazy", str(SYSTEM / path.lstrip("/"))], capture_output=True, check=False)


def prepare() -> None:
    """Makes the folder, once: about a minute and 370 MB."""
    if (SYSTEM / PROGRAMS.lstrip("/")).exists():
        return
    if not user.identity():
        raise Trouble("RabbitMQ 4 runs in a folder of its own, which only root can make and enter.")
    if not shutil.which("debootstrap"):
        _run("apt-get", "install", "--yes", "--quiet", "debootstrap")
    sys.stderr.write(f"RabbitMQ 4: making {SYSTEM} (once, about a minute)\n")
    new = SYSTEM.with_name("debian13.new")
    shutil.rmtree(new, ignore_errors=True)
    new.parent.mkdir(parents=True, exist_ok=True)
    _run("debootstrap", "--variant=minbase", "--include=rabbitmq-server", "trixie", str(new))
    new.rename(SYSTEM)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Trouble(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-300:]}")
