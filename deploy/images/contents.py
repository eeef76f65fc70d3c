"""What may be in an image and what not, looked at in its root folder."""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

UID = 10001
COMPILERS = re.compile(r"(.*-)?(gcc|g\+\+|cc|c\+\+|clang|tcc|ld|as|make|rustc|cargo|go)(-[\d.]+)?$")
PROGRAMS = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "venv/bin")
CACHES = (
    "root/.cache",
    "tmp/*",
    "pip",
    "mnt/*",
    "src",
    "var/cache/apt/archives/*.deb",
    "var/lib/apt/lists/*_*",
    "venv/**/pip",
)
WRITABLE = ("tmp", "var/tmp", "run", "run/lock", "dev", "proc", "sys", "var/lib/lianxin")


def faults(root: Path, service: str, lock: str, version: str, config: Mapping[str, Any]) -> list[str]:
    """A sentence for everything that should be otherwise; `lock` is the text of the service's requirements."""
    return [
        *(f"a compiler: {path}" for path in _compilers(root)),
        *(f"left from building: {path}" for path in _caches(root)),
        *_application(root / "app", service),
        *_packages(root / "venv", lock),
        *(f"uid {UID} may write to {path}" for path in _writable(root)),
        *(f"gives rights to who runs it: {path}" for path in _privileged(root)),
        *_told(config, service, version),
    ]


def size(root: Path) -> int:
    """Bytes of all files, each counted once."""
    seen = {(s.st_dev, s.st_ino): s.st_size for s in (path.lstat() for path in _everything(root))}
    return sum(seen.values())


def _everything(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        yield from (Path(folder) / name for name in (*folders, *files))


def _compilers(root: Path) -> list[str]:
    found = {path.name for place in PROGRAMS for path in (root / place).glob("*") if COMPILERS.match(path.name)}
    return sorted(found | {str(path.relative_to(root)) for path in root.glob("usr/lib/gcc/*/*/cc1*")})


def _caches(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for each in CACHES for path in root.glob(each))


def _application(app: Path, service: str) -> list[str]:
    wanted = {
        app: {"chassis", "services", "contracts"},
        app / "contracts": {"limits.json", "topology.json"},
        app / "services": {"__init__.py", "limits.py", service},
    }
    return [
        f"{folder.relative_to(app.parent)} {'lacks' if name in names else 'holds'} {name}"
        for folder, names in wanted.items()
        for name in sorted({path.name for path in folder.glob("*") if path.name != "__pycache__"} ^ names)
    ]


def _packages(venv: Path, lock: str) -> list[str]:
    locked = set(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[.*\])?==(\S+)", lock, re.M))
    named = {(_plain(name), version) for name, version in locked}
    there = {_distribution(path.name) for path in venv.glob("lib/python*/site-packages/*.dist-info")}
    return [f"a package nobody asked for: {name} {version}" for name, version in sorted(there - named)] + [
        f"a package is missing: {name} {version}" for name, version in sorted(named - there)
    ]


def _distribution(folder: str) -> tuple[str, str]:
    name, _, version = folder.removesuffix(".dist-info").partition("-")
    return _plain(name), version


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _writable(root: Path) -> Iterable[str]:
    allowed = tuple(str(root / each) for each in WRITABLE)
    for path in _everything(root):
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode) or str(path).startswith(allowed):
            continue
        if status.st_mode & stat.S_IWOTH or status.st_uid == UID or status.st_gid == UID:
            yield str(path.relative_to(root))


def _privileged(root: Path) -> Iterable[str]:
    for path in _everything(root):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and status.st_mode & (stat.S_ISUID | stat.S_ISGID):
            yield str(path.relative_to(root))


def _told(config: Mapping[str, Any], service: str, version: str) -> list[str]:
    env = dict(each.split("=", 1) for each in config.get("Env") or ())
    labels = config.get("Labels") or {}
    said = {
        "User": config.get("User"),
        "Entrypoint": config.get("Entrypoint"),
        "Cmd": config.get("Cmd"),
        "WorkingDir": config.get("WorkingDir"),
        "ExposedPorts": sorted(config.get("ExposedPorts") or ()),
        "LIANXIN_SERVICE": env.get("LIANXIN_SERVICE"),
        "LIANXIN_VERSION": env.get("LIANXIN_VERSION"),
        "title": labels.get("org.opencontainers.image.title"),
        "version": labels.get("org.opencontainers.image.version"),
    }
    wanted = {
        "User": f"{UID}:{UID}",
        "Entrypoint": ["/venv/bin/lianxin"],
        "Cmd": ["api"],
        "WorkingDir": "/app",
        "ExposedPorts": ["8000/tcp", "9000/tcp"],
        "LIANXIN_SERVICE": service,
        "LIANXIN_VERSION": version,
        "title": f"lianxin-{service}",
        "version": version,
    }
    return [f"{name} is {said[name]}, not {value}" for name, value in wanted.items() if said[name] != value]
