"""`python -m services.intake api | worker | migrate | status | import …`"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from chassis import process  # first: a worker is patched here, before anything else is imported

from flask import Flask
from sqlalchemy import Connection

from chassis.database import Database
from chassis.settings import Settings as Base
from services.intake import importing, store
from services.intake.settings import Settings, current


def app(settings: Base, database: Database) -> Flask:
    from services.intake.api import create_app

    return create_app(cast(Settings, settings), database)


def status(tx: Connection) -> Mapping[str, object]:
    return {"cases": store.counts(tx)}


SERVICE = process.Service(
    name="intake",
    settings=current,
    app=app,
    worker="services.intake.service:Intake",
    migrations=Path(__file__).parent / "migrations",
    status=status,
    commands={"import": process.Command("open cases of another system, from a CSV file", importing.run, importing.arguments)},
)

if __name__ == "__main__":
    sys.exit(process.main(SERVICE))
