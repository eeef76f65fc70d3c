"""`make images-check`: the four images without a container engine, and their services out of them. Needs root."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from deploy.images import base, contents, system
from deploy.images.buildah import Buildah
from deploy.images.proofs import PROOFS
from deploy.machine import interrupt
from deploy.machine.folder import ROOT, Folder
from deploy.machine.trouble import Trouble
from services import SERVICES

T = TypeVar("T")
VERSION = "0.0.0-check"
BASES = {"BASE": base.BASE, "BUILD_BASE": base.BUILD_BASE}
PIP = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/mnt"}
Images = Mapping[str, tuple[Path, Mapping[str, str]]]


def main() -> int:
    """Exit code 1 and the reason when an image is not as it should be, or cannot be built here."""
    if os.getuid() != 0:
        print(
            "images-check builds file systems and mounts them, which takes root: sudo make images-check",
            file=sys.stderr,
        )
        return 1
    interrupt.listen()
    try:
        check(Path(os.environ.get("IMAGES") or ROOT / ".run" / "images"))
    except Trouble as trouble:
        print(f"\nimages-check: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def check(folder: Path) -> None:
    """Everything, step by step with its time; base, wheels and store stay in `folder` for the next time."""
    (folder / "wheels").mkdir(parents=True, exist_ok=True)
    began, buildah = time.monotonic(), Buildah(folder)
    _step("programs", _programs)
    _step("base", lambda: base.bases(folder, buildah))
    images = {f"lianxin-{service}": _image(service, folder, buildah) for service in SERVICES}
    try:
        _system(images)
    finally:
        buildah("rm", "--all")
        buildah("rmi", "--prune")
    print(f"the four images are built, and their services ran out of them: {time.monotonic() - began:.0f} s")


def _programs() -> str:
    missing = [name for name in ("buildah", "debootstrap") if not shutil.which(name)]
    if missing:
        done = subprocess.run([ROOT / "deploy/machine/install-packages", *missing], capture_output=True, check=False)
        if done.returncode:
            raise Trouble(f"{' and '.join(missing)} cannot be installed: {done.stderr.decode()[-500:]}")
    return f"installed {' and '.join(missing)}" if missing else "there"


def _image(service: str, folder: Path, buildah: Buildah) -> tuple[Path, Mapping[str, str]]:
    image, lock = f"localhost/lianxin-{service}", ROOT / "requirements" / f"{service}.txt"
    _step(f"{service}: wheels", lambda: _wheels(lock, folder / "wheels"))
    told = {"SERVICE": service, "VERSION": VERSION, **BASES, **PIP}
    _step(f"{service}: build", lambda: buildah.build(image, told, folder / "wheels"))
    _, root = buildah.mounted(image)
    config = buildah.config(image)

    def look() -> str:
        if faults := contents.faults(root, service, lock.read_text(encoding="utf-8"), VERSION, config):
            raise Trouble(f"the image of {service}:\n  " + "\n  ".join(faults[:40]))
        return f"{contents.size(root) / 1e6:.0f} MB"

    _step(f"{service}: contents", look)
    return root, dict(each.split("=", 1) for each in config["Env"])


def _wheels(lock: Path, wheels: Path) -> str:
    """Fetched by the ordinary client as it is set up here; the build then needs no network for them."""
    complete = wheels / f".{hashlib.sha256(lock.read_bytes()).hexdigest()}"
    if complete.exists():
        return "kept from before"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--require-hashes"]
    done = subprocess.run([*command, "-d", wheels, "-r", lock], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Trouble(f"pip could not fetch {lock.name}: {done.stderr[-800:]}")
    complete.touch()
    return "all there"


def _system(images: Images) -> None:
    with tempfile.TemporaryDirectory(prefix="lianxin-images-") as temporary:
        Path(temporary).chmod(0o755)
        with system.servers(Folder(Path(temporary) / "servers")) as servers:
            all_ = system.containers(Path(temporary) / "containers", servers, images)
            try:
                _run(all_)
            finally:
                system.kill(all_)


def _run(all_: system.Containers) -> None:
    _step("topology, migrate, await", lambda: system.prepare(all_))
    _step("four front doors, four workers", lambda: system.start(all_))
    _step("uid, capabilities, root, status", lambda: system.examine(all_))
    for service, proof in PROOFS.items():
        worker = all_[f"{service}-worker"]
        _step(f"{service}: its own work", lambda proof=proof, worker=worker: proof(worker))  # type: ignore[misc]
    _step("stop", lambda: f"longest {system.stop(all_):.1f} s")


def _step(what: str, run: Callable[[], T]) -> T:
    print(f"images-check: {what} ... ", end="", flush=True)
    began = time.monotonic()
    try:
        done = run()
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{f'{done}, ' if isinstance(done, str) else ''}{time.monotonic() - began:.1f} s", flush=True)
    return done


if __name__ == "__main__":
    sys.exit(main())
