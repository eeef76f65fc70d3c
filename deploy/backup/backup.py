"""`make backup`: the four databases into a folder of their own, whole or not at all, while the system runs.

Never in it: the master key and the index key of intake, and notify's reader key. They are backed up apart.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from deploy.backup.dump import dump
from deploy.backup.folder import Backups
from deploy.backup.manifest import Manifest, Saved
from deploy.backup.tables import connection
from deploy.machine import interrupt
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.system import addresses
from deploy.system.running import Say, say, steps

# One row is enough, and the table stays small for ever.
NOTE = """
    with older as (delete from backups where taken_at < %(made_at)s)
    insert into backups (taken_at) values (%(made_at)s) on conflict do nothing
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 and one sentence when there is no new backup."""
    asked = _parser().parse_args(arguments)
    interrupt.listen()
    try:
        folder = Folder()
        with addresses.databases(folder) as urls:
            backup(urls, Backups(asked.to or folder.path / "backups"), asked.keep, asked.deadline, steps(say))
    except Trouble as trouble:
        print(f"no backup was made: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("no backup was made: interrupted", file=sys.stderr)
        return 1
    return 0


def backup(urls: Mapping[str, str], backups: Backups, keep: int | None, deadline: float, say: Say) -> Path:
    """Makes one backup, deletes those beyond the newest `keep`; its folder. Raises Trouble, and then there is none."""
    with backups.held(), backups.new() as folder:
        made_at = datetime.now(UTC).isoformat()
        saved = {service: _saved(service, url, folder, deadline, say) for service, url in urls.items()}
        named = backups.keep(folder, Manifest(made_at, saved))
        say(f"{named}: {sum(each.bytes for each in saved.values()):,} bytes")
        for service, url in urls.items():
            _note(service, url, made_at, deadline, say)
        for gone in backups.forget(keep) if keep else ():
            say(f"deleted {gone.name}, older than the newest {keep}")
    say("photos and videos are not in it: copy the object store (MEDIA_DIR or the bucket) now, after the databases")
    say("the master key, the index key and notify's reader key are not in it: back them up apart (runbook master-key)")
    return named


def _saved(service: str, url: str, folder: Path, deadline: float, say: Say) -> Saved:
    say(f"{service}: dumping …")
    saved = dump(service, url, folder, deadline)
    rows = sum(table.rows for table in saved.tables.values())
    say(f"{service}: {rows:,} rows in {len(saved.tables)} tables, {saved.bytes:,} bytes")
    return saved


def _note(service: str, url: str, made_at: str, deadline: float, say: Say) -> None:
    """Has the database know its newest backup, whose age is a signal. The backup is made, whether or not this works."""
    try:
        with connection(url, deadline) as opened, opened, opened.cursor() as cursor:
            cursor.execute(NOTE, {"made_at": made_at})
    except Trouble as trouble:
        say(f"{service}: the backup is whole, but its database could not note it, so its age is not shown: {trouble}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make backup", description=__doc__)
    parser.add_argument("--to", type=Path, default=os.environ.get("BACKUPS") or None, help="folder of the backups")
    keep = os.environ.get("KEEP") or None
    parser.add_argument("--keep", type=_positive, default=keep, help="how many of the newest good backups stay")
    parser.add_argument("--deadline", type=float, default=3600.0, help="seconds any one call may take")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("at least one backup stays")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
