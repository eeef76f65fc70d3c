"""What the API and the pages of letters share: which letter a caller may see, and a command given once."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import current_app
from sqlalchemy import Connection

from chassis import web
from services.notify import store
from services.notify.commands import letters as commands
from services.notify.domain.letter import Letter
from services.notify.errors import LetterNotFound
from services.notify.settings import Settings

READERS = ("leader", "centre", "supervisor", "unit")


def settings() -> Settings:
    """This application's."""
    known: Settings = current_app.extensions["notify.settings"]
    return known


def visible(tx: Connection, letter_id: str) -> Letter:
    """A letter the caller may see. Raises LetterNotFound."""
    known_form(letter_id)
    letter = store.letters.get(tx, letter_id, web.caller().scopes)
    if letter is None:
        raise LetterNotFound()
    return letter


def once(route: str, letter_id: str, body: Mapping[str, Any], command: Callable[[Connection], Letter]) -> Letter:
    """The letter after `command`, which has its effect once per Idempotency-Key. Raises what `command` raises."""
    known_form(letter_id)
    with web.database().transaction() as tx, web.idempotent(tx, route=route, request_hash_of=body) as only:
        if only.existing is not None:
            return visible(tx, only.existing)
        letter = command(tx)
        only.remember(letter.id)
        return letter


def sign(letter_id: str, body: Mapping[str, Any], check: commands.Check) -> Letter:
    """The calling leader signs."""
    by = web.caller().subject
    return once("sign", letter_id, body, lambda tx: commands.sign(tx, settings(), letter_id, by, check))


def decline(letter_id: str, body: Mapping[str, Any], check: commands.Check) -> Letter:
    """The calling leader does not sign, for `body["reason"]`."""
    return once("decline", letter_id, body, lambda tx: commands.decline(tx, letter_id, body["reason"], check))


def acknowledge(letter_id: str, body: Mapping[str, Any], check: commands.Check) -> Letter:
    """The calling unit has its letter; another unit's does not exist for it."""

    def own(letter: Letter) -> None:
        if web.caller().unit != letter.unit or not set(letter.scopes) & web.caller().scopes:
            raise LetterNotFound()
        check(letter)

    return once("acknowledge", letter_id, body, lambda tx: commands.acknowledge(tx, letter_id, own))


def known_form(letter_id: str) -> None:
    """Raises LetterNotFound for what cannot be a letter's id."""
    try:
        uuid.UUID(letter_id)
    except ValueError:
        raise LetterNotFound() from None
