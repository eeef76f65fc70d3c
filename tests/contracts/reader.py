"""One service's reader, of whatever release the working folder holds: it takes messages as if from its queue.

`python reader.py SERVICE DATABASE_URL`, PYTHONPATH being that release's code; a JSON list of [headers, body] on stdin.
Prints a JSON list of what it put aside: [type, subject, error].
"""

import importlib
import json
import sys
from pathlib import Path

from sqlalchemy import text

from chassis import inbox
from chassis.database import Database


def main(service: str, url: str) -> None:
    database = Database(url, pool_size=2)
    commands = importlib.import_module(f"services.{service}.commands")
    if service == "dispatch":
        _load_organisation(commands, database)
    messages = [inbox.Message(headers, json.dumps(body).encode()) for headers, body in json.load(sys.stdin)]
    inbox.receive(database, commands.READING, messages)
    with database.transaction() as tx:
        aside = tx.execute(text("select type, subject, error from aside order by id")).all()
    sys.stdout.write(json.dumps([list(row) for row in aside], ensure_ascii=False))


def _load_organisation(commands: object, database: Database) -> None:
    """Dispatch judges cases by its organisation and duty list."""
    files = importlib.import_module("services.dispatch.files")
    data = Path(files.__file__ or "").parent / "data"
    with database.transaction() as tx:
        commands.load_organisation(tx, files.organisation(data / "organisation.demo.json"))  # type: ignore[attr-defined]
        commands.load_duties(tx, files.duties(data / "duties.demo.json"))  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(*sys.argv[1:])
