"""PostgreSQL's own programs, run beside us: found with the server's, bounded in time, passwords in no argument."""

import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from deploy.backup.manifest import Saved, sha256
from deploy.backup.tables import reading, tables
from deploy.machine.trouble import Trouble
from deploy.servers.postgres import binaries, without_password

FACTS = """
    select clock_now(), current_setting('server_version'), (select version_num from alembic_version),
        (select epoch from producer)
"""


def dump(service: str, url: str, folder: Path, deadline: float) -> Saved:
    """Dumps one database into `folder`; what is said of it is of the dump's own snapshot. Raises Trouble."""
    file = folder / f"{service}.dump"
    with reading(url, deadline) as cursor:
        cursor.execute("select pg_export_snapshot()")
        [snapshot] = cursor.fetchone()
        run("pg_dump", url, deadline, "-Fc", "--lock-wait-timeout=10s", f"--snapshot={snapshot}", f"--file={file}")
        file.chmod(0o600)
        facts = _facts(cursor)
        return Saved(**facts, file=file.name, bytes=file.stat().st_size, sha256=sha256(file), tables=tables(cursor))


def _facts(cursor: Any) -> dict[str, Any]:
    cursor.execute(FACTS)
    time, version, revision, epoch = cursor.fetchone()
    return {"time": time.isoformat(), "server_version": version, "revision": revision, "epoch": epoch}


def run(program: str, url: str | None, deadline: float, *arguments: str | Path) -> None:
    """Runs a program, against a database if one is given.

    Raises Trouble with the first line it complained with, or when `deadline` (seconds) is over.
    """
    shown = without_password(url) if url else "no database"
    command = [binaries() / program, *arguments, *((f"--dbname={shown}", "--no-password") if url else ())]
    try:
        done = subprocess.run(
            [str(part) for part in command],
            env=_env(url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Trouble(f"{program} did not end within {deadline:.0f} s ({shown}).") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()
        raise Trouble(f"{program} failed ({shown}): {said[0]}")


def _env(url: str | None) -> dict[str, str]:
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "5"}
    password = unquote(urlsplit(url).password or "") if url else ""
    return env | ({"PGPASSWORD": password} if password else {})
