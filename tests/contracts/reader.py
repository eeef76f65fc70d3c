"""One service's reader, of whatever release the working folder holds: it takes messages as if from its queue.

`python reader.py SERVICE DATABASE_URL`, PYTHONPATH being that release's code; a JSON list of [headers, body] on stdin.
Prints a JSON list of what it put aside: [type, subject, error].
"""

import importlib
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import text

from chassis.database import Database


def _module(*names: str) -> Any:
    """The first of these there is: the layout is another since 0.1.0."""
    found = next(name for name in names if find_spec(name.rpartition(".")[0]) and find_spec(name))
    return importlib.import_module(found)


def main(service: str, url: str) -> None:
    # Its own way to show an exception takes seconds, and the transaction waits for it.
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
    database = Database(url, pool_size=2)
    inbox = _module("chassis.delivery.inbox", "chassis.inbox")
    message = _module("chassis.delivery.envelope", "chassis.inbox").Message
    commands = importlib.import_module(f"services.{service}.commands")
    if service == "dispatch":
        _load_organisation(commands, database)
    messages = [message(headers, json.dumps(body).encode()) for headers, body in json.load(sys.stdin)]
    # READING in 0.1.0.
    subscription = getattr(commands, "SUBSCRIPTION", None) or commands.READING
    inbox.receive(database, subscription, messages)
    with database.transaction() as tx:
        aside = tx.execute(text("select type, subject, error from aside order by id")).all()
    sys.stdout.write(json.dumps([list(row) for row in aside], ensure_ascii=False))


def _load_organisation(commands: object, database: Database) -> None:
    """Dispatch judges cases by its organisation and duty list."""
    files = _module("services.dispatch.commands.files", "services.dispatch.files")
    data = Path("services", "dispatch", "data")
    with database.transaction() as tx:
        commands.load_organisation(tx, files.organisation(data / "organisation.demo.json"))  # type: ignore[attr-defined]
        commands.load_duties(tx, files.duties(data / "duties.demo.json"))  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(*sys.argv[1:])
