"""python -m services.dispatch: the two processes, and the files of units, duties and the directory."""

# First, because a worker patches the standard library when chassis.operating.process is imported.
from chassis.operating import process  # isort: skip

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from chassis.database import Connection, Database
from chassis.settings import Settings
from services.dispatch import api, commands
from services.dispatch.commands import files
from services.dispatch.login.operating import accounts as administration
from services.dispatch.operating.verdicts import judge
from services.dispatch.settings import Settings as Own
from services.dispatch.settings import current


def main() -> int:
    """Runs one command of the service."""
    return process.main(
        process.Service(
            name="dispatch",
            settings=current,
            app=lambda settings, database: api.create_app(cast(Own, settings), database),
            worker="services.dispatch.service:Dispatch",
            migrations=Path(__file__).parent / "migrations",
            status=commands.status,
            judge=judge,
            no_projection="its cases hold what its officers did; see docs/runbooks/restored-database.md",
            commands={
                "organisation": process.Command("the units: load FILE", _run_organisation, _arguments),
                "duties": process.Command("the duty list: load FILE", _run_duties, _arguments),
                "directory": process.Command("whom residents may call: load FILE", _run_directory, _arguments),
                "accounts": process.Command(
                    "officers' accounts: add, list, disable, enable, reset-password, reset-totp",
                    administration.run,
                    administration.arguments,
                ),
                "token-key": process.Command("print a new key for TOKEN_KEY_FILE", administration.run_key),
            },
        )
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["load"])
    parser.add_argument("file", type=Path, help="JSON, as in services/dispatch/data")


def _run_organisation(asked: argparse.Namespace, settings: Settings, database: Database) -> int:
    return _load(asked.file, settings, database, files.organisation, commands.load_organisation)


def _run_duties(asked: argparse.Namespace, settings: Settings, database: Database) -> int:
    return _load(asked.file, settings, database, files.duties, commands.load_duties)


def _run_directory(asked: argparse.Namespace, settings: Settings, database: Database) -> int:
    return _load(asked.file, settings, database, files.directory, commands.load_directory)


def _load(
    path: Path,
    settings: Settings,
    database: Database,
    read: Callable[[Path], Any],
    load: Callable[[Connection, Any], Sequence[object]],
) -> int:
    try:
        file = read(path)
        if file.demo and settings.profile == "production":
            raise commands.Rejected(f"{path} is marked demo, and PROFILE is production")
        with database.transaction() as tx:
            changes = load(tx, file)
    except (files.Unreadable, commands.Rejected) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print("\n".join(str(change) for change in changes) or f"nothing to change; version {file.version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
