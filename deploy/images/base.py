"""The base of a build without a registry: the distribution's own packages by debootstrap, kept between builds."""

import platform
import shutil
import subprocess
from pathlib import Path

from deploy.images.buildah import Buildah
from deploy.machine.trouble import Trouble

BASE, BUILD_BASE = "localhost/lianxin-base", "localhost/lianxin-build-base"
PACKAGES = "python3,ca-certificates"


def suite() -> str:
    """This machine's release of Debian: its Python is the one the wheels were fetched for."""
    found = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    if not found:
        raise Trouble("images-check needs Debian: debootstrap makes the base from this machine's release.")
    return found


def bases(folder: Path, buildah: Buildah) -> str:
    """Makes both bases unless they are there; says what was done."""
    done = []
    tree = folder / f"base-{suite()}"
    if not tree.exists():
        _debootstrap(tree)
        done.append("debootstrap")
    if not buildah.has(BASE):
        container = buildah("from", "scratch")
        buildah("add", container, tree, "/")
        buildah("commit", "--rm", container, BASE)
        done.append("base")
    if not buildah.has(BUILD_BASE):
        container = buildah("from", "--pull-never", BASE)
        for command in ("apt-get -qq update", "apt-get -qq install --yes --no-install-recommends python3-venv"):
            buildah("run", "--isolation=chroot", container, "--", *command.split())
        buildah("commit", "--rm", container, BUILD_BASE)
        done.append("base to build on")
    return ", ".join(done) or "kept from before"


def _debootstrap(tree: Path) -> None:
    new = tree.with_name(f"{tree.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite(), str(new)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Trouble(f"debootstrap failed:\n{done.stdout[-800:]}{done.stderr[-800:]}")
    for path in (*(new / "var/cache/apt/archives").glob("*.deb"), *(new / "var/lib/apt/lists").glob("*_*")):
        path.unlink()
    new.rename(tree)
