"""Who the servers run as: the caller, or nobody when the caller is root (PostgreSQL refuses root, and rightly)."""

import os
import pwd
from pathlib import Path
from typing import Any

SERVER_USER = "nobody"


def identity() -> dict[str, Any]:
    """Arguments for subprocess.Popen that drop root's rights; none for everybody else."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam(SERVER_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def can_reach(path: Path) -> bool:
    """Whether the server user can walk down to `path`."""
    if os.getuid() != 0:
        return True
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def give(path: Path) -> None:
    """Make the server user the owner of `path`."""
    if os.getuid() == 0:
        entry = pwd.getpwnam(SERVER_USER)
        os.chown(path, entry.pw_uid, entry.pw_gid)
