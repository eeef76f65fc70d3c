"""`python -m services.notify`: the processes of notify, and the operators' commands for messages and letters."""

# First, because a worker patches the standard library when chassis.operating.process is imported.
from chassis.operating import process  # isort: skip

import argparse
import sys
import uuid
from pathlib import Path
from typing import cast

from chassis.database import Database
from chassis.errors import DomainError
from chassis.operating.operations import rows, who, wrong
from chassis.settings import Settings as Base
from services.notify import api
from services.notify.commands import gauges, held, printing
from services.notify.commands.projection import PROJECTION
from services.notify.operating.verdicts import judge
from services.notify.settings import Settings, current


def _message_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["held", "send", "drop"])
    parser.add_argument("ids", nargs="*", metavar="id", help="ids of messages, as listed by `messages held`")
    parser.add_argument("--reason", help="why they are dropped; stored with the messages")
    parser.add_argument("--by", default=who(), help="who decided it (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="with `held`: one JSON object per message")


def _messages(asked: argparse.Namespace, settings: Base, database: Database) -> int:
    if asked.what == "held":
        return _list_held(asked, database)
    if not asked.ids or (asked.what == "drop" and not (asked.reason or "").strip()):
        return wrong(f"messages {asked.what} needs an id" + (" and --reason" if asked.what == "drop" else ""))
    return max(_decide(asked, database, message) for message in asked.ids)


def _list_held(asked: argparse.Namespace, database: Database) -> int:
    with database.transaction() as tx:
        found = [
            {"id": each.id, "sms": each.sms, "reason": each.reason}
            | {name: getattr(each.message, name) for name in ("case", "template", "recipient", "recorded_at")}
            for each in held.listed(tx)
        ]
    rows(asked, found, ("id", "case", "template", "recipient", "recorded_at", "reason", "sms"), "no message is held")
    return 0


def _decide(asked: argparse.Namespace, database: Database, message: str) -> int:
    """One message in a transaction of its own, so that one whose state has changed does not hold up the others."""
    try:
        with database.transaction() as tx:
            if asked.what == "send":
                held.send(tx, message)
            else:
                held.drop(tx, message, asked.reason.strip(), asked.by)
    except DomainError as error:
        print(f"{message}: {error}" + "".join(f", it is {state}" for state in _state(error)), file=sys.stderr)
        return 1
    print(f"{asked.what}: {message}")
    return 0


def _state(error: DomainError) -> list[str]:
    return [str(error.data["state"])] if "state" in error.data else []


def _letter_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["print"])
    parser.add_argument("id", type=uuid.UUID, help="the letter's id")


def _letters(asked: argparse.Namespace, settings: Base, database: Database) -> int:
    try:
        same = printing.print_again(database, cast(Settings, settings), str(asked.id))
    except DomainError as error:
        print(f"{asked.id}: {error}", file=sys.stderr)
        return 1
    print(
        "printed again: the same file as issued"
        if same
        else "the file differs from the one issued: have the fonts changed?"
    )
    return 0 if same else 1


SERVICE = process.Service(
    name="notify",
    settings=current,
    app=api.create_app,
    worker="services.notify.service:Notify",
    migrations=Path(__file__).parent / "migrations",
    status=gauges.status,
    judge=judge,
    projection=PROJECTION,
    commands={
        "messages": process.Command(
            "messages of unknown fate: list them, send them again or drop them", _messages, _message_arguments
        ),
        "letters": process.Command("print an issued letter again", _letters, _letter_arguments),
    },
)


def main() -> int:
    """Runs one command of the service."""
    return process.main(SERVICE)


if __name__ == "__main__":
    sys.exit(main())
