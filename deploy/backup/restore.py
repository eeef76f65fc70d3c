"""`make restore SERVICE=sla`: sets one service's database back to a backup, whole or not at all, in its place.

Afterwards the service publishes nothing until `restored` was run; the runbook restored-database says what comes first.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from deploy.backup import manifest as backup_manifest
from deploy.backup.compare import compare
from deploy.backup.dump import run
from deploy.backup.folder import Backups
from deploy.backup.lost import Lost, ReadPositions, own_positions, read_positions
from deploy.backup.manifest import Saved
from deploy.backup.tables import connection, reading, tables
from deploy.machine import interrupt
from deploy.machine.folder import Folder, private
from deploy.machine.trouble import Trouble
from deploy.system import addresses
from deploy.system.running import Say, say, steps
from services import SERVICES

SHOWN = 50
# pg_restore --clean cannot drop a partition's constraints, and would leave what is newer than the dump.
EMPTY = """
set local lock_timeout = '10s';
drop schema public cascade;
create schema public authorization pg_database_owner;
grant usage on schema public to public;
"""
OTHERS = """
    select coalesce(string_agg(distinct application_name, ', '), '') from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 and one sentence when it was not set back, or is not what was saved."""
    asked = _parser().parse_args(arguments)
    interrupt.listen()
    try:
        folder = Folder()
        backups = Backups(Path(os.environ.get("BACKUPS") or folder.path / "backups"))
        with addresses.databases(folder) as urls:
            lost = restore(urls, asked.service, asked.backup or backups.newest(), asked.deadline, steps(say))
        _tell(lost, asked.service, backups.path)
    except Trouble as trouble:
        print(f"{asked.service}: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the database is as it was, or wholly restored", file=sys.stderr)
        return 1
    return 0


def restore(urls: Mapping[str, str], service: str, backup: Path, deadline: float, say: Say) -> list[Lost]:
    """Sets the service's database back; what its readers had of it that it lost. Raises Trouble."""
    saved = _whole(backup, service)
    url = urls[service]
    _alone(url, service, deadline)
    known = read_positions(urls, service, deadline)
    epoch = max(known.epoch, _epoch(url, deadline), saved.epoch)
    say(f"{service}: restoring {backup / saved.file}, as of {saved.time} …")
    _load(url, backup / saved.file, deadline)
    say(f"{service}: restored; comparing …")
    lost = _prove(url, service, saved, known, epoch, deadline)
    say(f"{service}: {len(saved.tables)} tables equal to the backup, revision {saved.revision}")
    return lost


def _whole(backup: Path, service: str) -> Saved:
    saved = backup_manifest.read(backup).services.get(service)
    if saved is None:
        raise Trouble(f"{backup} has no dump of it.")
    if damaged := backup_manifest.damage(backup, saved):
        raise Trouble(f"{damaged}; nothing was changed.")
    return saved


def _alone(url: str, service: str, deadline: float) -> None:
    with reading(url, deadline) as cursor:
        cursor.execute(OTHERS)
        if others := cursor.fetchone()[0]:
            raise Trouble(f"its database is in use by {others}; stop its api and worker first. Nothing was changed.")


def _epoch(url: str, deadline: float) -> int:
    """Of the database as it is now, which is about to go; 0 where it has none."""
    with reading(url, deadline) as cursor:
        cursor.execute("select to_regclass('public.producer') is not null")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("select epoch from producer")
        return int(cursor.fetchone()[0])


def _load(url: str, dump: Path, deadline: float) -> None:
    """All in one transaction: a dump that cannot be loaded leaves the database as it was."""
    with tempfile.TemporaryDirectory(prefix="lianxin-restore-") as name:
        empty, script = Path(name, "empty.sql"), Path(name, "dump.sql")
        empty.write_text(EMPTY)
        # Written out first: fed by a pipe, a pg_restore that dies would end in half a dump being committed.
        run("pg_restore", None, deadline, "--no-owner", "--no-privileges", f"--file={script}", dump)
        quiet = ("--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1")
        run("psql", url, deadline, *quiet, "--single-transaction", f"--file={empty}", f"--file={script}")


def _prove(url: str, service: str, saved: Saved, known: ReadPositions, epoch: int, deadline: float) -> list[Lost]:
    with reading(url, deadline) as cursor:
        wrong = [str(each) for each in compare(saved.tables, tables(cursor)) if not each.same]
        lost = known.lost(own_positions(cursor, service))
    _remember_epoch(url, epoch, deadline)
    if wrong:
        raise Trouble(f"restored, but it is not what was saved: {'; '.join(wrong)}")
    return lost


def _remember_epoch(url: str, epoch: int, deadline: float) -> None:
    """So that `restored` begins one above all that was ever used, though the dump is older than an earlier restore."""
    with connection(url, deadline) as opened, opened, opened.cursor() as cursor:
        cursor.execute("update producer set epoch = %s where epoch < %s", (epoch, epoch))


def _tell(lost: Sequence[Lost], service: str, folder: Path) -> None:
    for each in lost[:SHOWN]:
        print(f"LOST  {each}")
    if len(lost) > SHOWN:
        print(f"LOST  … and {len(lost) - SHOWN} more")
    if lost:
        file = folder / f"lost-{service}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private(file, json.dumps([asdict(each) for each in lost], indent=1) + "\n")
        print(f"{len(lost)} subjects, all of them in {file}; what no other service had read cannot be named")
    print(f"{service} publishes nothing until `python -m services.{service} restored`; the runbook restored-database")
    print("says what comes before that")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make restore", description=__doc__)
    service = os.environ.get("SERVICE") or None
    parser.add_argument("--service", choices=SERVICES, default=service, required=not service)
    parser.add_argument("--backup", type=Path, default=os.environ.get("BACKUP") or None, help="which; else the newest")
    parser.add_argument("--deadline", type=float, default=3600.0, help="seconds any one call may take")
    return parser


if __name__ == "__main__":
    sys.exit(main())
