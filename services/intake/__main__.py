"""python -m services.intake: the two processes and the operator's commands."""

# First, because a worker patches the standard library when chassis.operating.process is imported.
from chassis.operating import process  # isort: skip

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from flask import Flask

from chassis.database import Connection, Database
from chassis.operating.verdicts import Line
from chassis.settings import Settings as Base
from services.intake import api, store
from services.intake.commands.projection import PROJECTION
from services.intake.media.store import processing
from services.intake.operating import importing, keys, verdicts
from services.intake.settings import Settings, current


def main() -> int:
    """Runs one command of the service."""
    return process.main(
        process.Service(
            name="intake",
            settings=current,
            app=_app,
            worker="services.intake.service:Intake",
            migrations=Path(__file__).parent / "migrations",
            status=_status,
            judge=_judge,
            projection=PROJECTION,
            commands={
                "import": process.Command("take over open cases: FILE.csv", importing.run, importing.arguments),
                "keys": process.Command("the master keys: check, rotate, new, use, remove", keys.run, keys.arguments),
            },
        )
    )


def _app(settings: Base, database: Database) -> Flask:
    return api.create_app(cast(Settings, settings), database)


def _status(tx: Connection) -> Mapping[str, object]:
    waiting = {str(kind): asdict(each) for kind, each in processing.waiting(tx).items()}
    return {"cases": store.counts(tx), "media": waiting}


def _judge(facts: Mapping[str, Any]) -> Sequence[Line]:
    cases = ", ".join(f"{number} {state}" for state, number in facts["cases"].items()) or "none"
    return [Line("cases", cases), verdicts.media(facts["media"])]


if __name__ == "__main__":
    sys.exit(main())
