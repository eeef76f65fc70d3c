"""`python -m services.notify`: the processes, and what an operator decides about messages and letters."""

# First, because a worker patches the standard library when chassis.process is imported.
from chassis import process  # isort: skip

import argparse
import sys
import uuid
from pathlib import Path
from typing import cast

from sqlalchemy import Connection

from chassis.database import Database
from chassis.errors import DomainError
from chassis.settings import Settings as Base
from services.notify import api
from services.notify.commands import held, letters
from services.notify.settings import Settings, current


def _message_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["held", "send", "drop"])
    parser.add_argument("id", nargs="?", help="the message's id in `messages held`")
    parser.add_argument("--reason", help="why it is dropped; kept with the message")


def _messages(asked: argparse.Namespace, settings: Base, database: Database) -> int:
    if (asked.what != "held" and not asked.id) or (asked.what == "drop" and not asked.reason):
        print(f"messages {asked.what} needs an id" + (" and --reason" if asked.what == "drop" else ""), file=sys.stderr)
        return 2
    try:
        with database.transaction() as tx:
            _decide(asked, tx)
    except DomainError as error:
        print(f"{asked.id}: {error}", file=sys.stderr)
        return 1
    return 0


def _decide(asked: argparse.Namespace, tx: Connection) -> None:
    if asked.what == "send":
        held.send(tx, asked.id)
    elif asked.what == "drop":
        held.drop(tx, asked.id, asked.reason)
    else:
        for each in held.listed(tx):
            print(each.id, each.message.case, each.message.template, each.message.recipient, each.reason, each.sms)


def _letter_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["print"])
    parser.add_argument("id", type=uuid.UUID, help="the letter's id")


def _letters(asked: argparse.Namespace, settings: Base, database: Database) -> int:
    try:
        same = letters.print_again(database, cast(Settings, settings), str(asked.id))
    except DomainError as error:
        print(f"{asked.id}: {error}", file=sys.stderr)
        return 1
    print("the same paper again" if same else "the paper differs from the one issued: were the fonts changed?")
    return 0 if same else 1


SERVICE = process.Service(
    name="notify",
    settings=current,
    app=api.create_app,
    worker="services.notify.service:Notify",
    migrations=Path(__file__).parent / "migrations",
    status=held.status,
    commands={
        "messages": process.Command(
            "messages of unknown fate: list, send again or drop", _messages, _message_arguments
        ),
        "letters": process.Command("make the paper of an issued letter again", _letters, _letter_arguments),
    },
)


def main() -> int:
    """Runs one command of the service."""
    return process.main(SERVICE)


if __name__ == "__main__":
    sys.exit(main())
