"""`make restore-drill`: proves a backup by restoring all of it on a server of its own, and says how long that took."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.backup import manifest as backup_manifest
from deploy.backup.compare import compare, key_faults
from deploy.backup.dump import run
from deploy.backup.folder import Backups
from deploy.backup.manifest import Saved
from deploy.backup.tables import reading, tables
from deploy.machine import interrupt
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.servers.postgres import Postgres
from deploy.system import testbed
from deploy.system.running import Say, say, steps


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 on any difference, or when the drill cannot be held."""
    asked = _parser().parse_args(arguments)
    interrupt.listen()
    try:
        return _report(drill(asked.backup or _newest(), _master_keys(), asked.deadline, steps(say)))
    except Trouble as trouble:
        print(f"the drill failed: {trouble}", file=sys.stderr)
    except KeyboardInterrupt:
        print("the drill was interrupted", file=sys.stderr)
    return 1


def drill(backup: Path, master_keys: Path | None, deadline: float, say: Say) -> list[str]:
    """Restores every dump of `backup`; what is wrong with it, one sentence each. Raises Trouble without a manifest."""
    manifest, began, faults = backup_manifest.read(backup), time.monotonic(), list[str]()
    say(f"{backup}, made {manifest.made_at}")
    with testbed.folder() as folder:
        server = Postgres(folder)
        try:
            server.start()
            server.prepare()
            say("an empty PostgreSQL of the drill's own is up")
            for service, saved in manifest.services.items():
                faults += [f"{service}: {fault}" for fault in _restore(backup, saved, service, server, deadline, say)]
            faults += [f"intake: {fault}" for fault in _opened(server, master_keys, deadline, say)]
        finally:
            with interrupt.cleanly():
                server.kill()
    say(f"restored and compared in {time.monotonic() - began:.1f} s: the measured time to recover the data")
    return faults


def _restore(backup: Path, saved: Saved, service: str, server: Postgres, deadline: float, say: Say) -> list[str]:
    if damaged := backup_manifest.damage(backup, saved):
        say(f"{service}: {damaged}; not restored")
        return [damaged]
    url, began = server.service_url(service), time.monotonic()
    say(f"{service}: restoring {saved.bytes:,} bytes …")
    try:
        run("pg_restore", url, deadline, "--exit-on-error", "--no-owner", "--no-privileges", backup / saved.file)
    except Trouble as trouble:
        return [str(trouble)]
    took = time.monotonic() - began
    with reading(url, deadline) as cursor:
        compared = compare(saved.tables, tables(cursor))
    say(f"{service}: restored in {took:.1f} s, revision {saved.revision}, epoch {saved.epoch}, as of {saved.time}")
    for each in compared:
        print(f"          {'' if each.same else 'WRONG  '}{each}", flush=True)
    return [str(each) for each in compared if not each.same]


def _opened(server: Postgres, master_keys: Path | None, deadline: float, say: Say) -> list[str]:
    with reading(server.service_url("intake"), deadline) as cursor:
        cursor.execute("select to_regclass('public.identities')")
        if cursor.fetchone() == (None,):
            return []  # not restored, which is told already
        faults = list(key_faults(cursor, master_keys))
        cursor.execute("select count(*) from identities")
        [identities] = cursor.fetchone()
    if not identities:
        say("intake: it holds no identity on which the master key could be tried")
    elif not faults:
        say("intake: the master key opens an identity under each key in use")
    return faults


def _report(faults: Sequence[str]) -> int:
    for fault in faults:
        print(f"WRONG  {fault}", file=sys.stderr)
    print("this backup does NOT restore to what was saved" if faults else "every table is equal to what was saved")
    return 1 if faults else 0


def _newest() -> Path:
    """The newest backup, good or not: that one is the one to prove."""
    backups = Backups(Path(os.environ.get("BACKUPS") or Folder().path / "backups"))
    return max((path for path in backups.path.glob("[0-9]*") if path.is_dir()), default=None) or backups.newest()


def _master_keys() -> Path | None:
    """As given, or the running folder's own; none is invented."""
    if given := os.environ.get("MASTER_KEYS_FILE"):
        return Path(given)
    own = Folder().path / "secrets" / "master-keys"
    return own if own.is_file() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make restore-drill", description=__doc__)
    parser.add_argument("--backup", type=Path, default=os.environ.get("BACKUP") or None, help="which; else the newest")
    parser.add_argument("--deadline", type=float, default=3600.0, help="seconds any one call may take")
    return parser


if __name__ == "__main__":
    sys.exit(main())
