"""Requests about letters, from the API and the pages alike: what the caller may see, and each command once."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from flask import current_app
from sqlalchemy import Connection

from chassis import web
from services.notify.commands import letters
from services.notify.commands.letters import Officer
from services.notify.domain.letter import Letter
from services.notify.schemas import Decline
from services.notify.settings import Settings

READERS = ("leader", "centre", "supervisor", "unit")
Expect = Callable[[int], None]
"""Raises if the given revision is not the one the caller has read."""


def settings() -> Settings:
    """The settings of this application."""
    known: Settings = current_app.extensions["notify.settings"]
    return known


def visible(tx: Connection, letter_id: str) -> Letter:
    """A letter the caller may see. Raises LetterNotFound."""
    return letters.visible(tx, letter_id, web.caller().scopes)


def sign(letter_id: str, expect: Expect) -> Letter:
    """The calling leader signs. Raises as `letters.sign`."""
    officer = _officer(expect)
    return _once("sign", {}, lambda tx: letters.sign(tx, settings(), letter_id, officer))


def decline(letter_id: str, request: Decline, expect: Expect) -> Letter:
    """The calling leader declines to sign. Raises as `letters.decline`."""
    officer = _officer(expect)
    return _once("decline", asdict(request), lambda tx: letters.decline(tx, letter_id, request.reason, officer))


def acknowledge(letter_id: str, expect: Expect) -> Letter:
    """The calling unit confirms receipt. Raises as `letters.acknowledge`."""
    officer = _officer(expect)
    return _once("acknowledge", {}, lambda tx: letters.acknowledge(tx, letter_id, officer))


def _officer(expect: Expect) -> Officer:
    caller = web.caller()
    return Officer(subject=caller.subject, unit=caller.unit, scopes=caller.scopes, expect=expect)


def _once(route: str, body: Mapping[str, Any], command: Callable[[Connection], Letter]) -> Letter:
    """The letter after `command`, which takes effect once per Idempotency-Key. Raises what `command` raises."""
    with web.database().transaction() as tx, web.idempotent(tx, route=route, request_hash_of=body) as once:
        if once.existing is not None:
            return visible(tx, once.existing)
        letter = command(tx)
        once.remember(letter.id)
        return letter
