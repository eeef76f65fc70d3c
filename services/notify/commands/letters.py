"""Warning letters: signed or declined by a leader, acknowledged by the unit."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery import outbox
from chassis.masking import mask
from services.notify import metrics, store
from services.notify.commands.published import letter_draft
from services.notify.domain import letter as letters
from services.notify.domain import series
from services.notify.domain.letter import Letter
from services.notify.errors import LetterNotFound
from services.notify.printing import page
from services.notify.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Who gives a command. `expect` raises if the letter's revision is not the one the officer has read."""

    subject: str
    unit: str | None
    scopes: frozenset[str]
    expect: Callable[[int], None]


def visible(tx: Connection, letter_id: str, scopes: Iterable[str]) -> Letter:
    """A letter that one of `scopes` may see. Raises LetterNotFound."""
    letter = store.letters.get(tx, letter_id, scopes) if _is_id(letter_id) else None
    if letter is None:
        raise LetterNotFound()
    return letter


def sign(tx: Connection, settings: Settings, letter_id: str, officer: Officer) -> Letter:
    """Signs a proposed letter: its number and its whole content are fixed in this transaction.

    Raises LetterNotFound, IllegalTransition, and what `officer.expect` raises, as do the commands below.
    """
    letter = _locked(tx, letter_id)
    _require(letter, "sign", officer)
    now = clock.now(tx)
    year = series.year_of(now)
    number = series.letter_number(settings.letter_code, year, store.series.next_count(tx, settings.letter_code, year))
    signed = letters.sign(letter, number, officer.subject, now)
    store.letters.save(tx, [signed])
    content = page.content(
        signed, issuer=settings.letter_issuer, street=settings.letter_street, telephone=settings.telephone
    )
    store.print_jobs.add(tx, signed.id, content, now)
    metrics.LETTERS.labels(signed.state).inc()
    return signed


def decline(tx: Connection, letter_id: str, reason: str, officer: Officer) -> Letter:
    """Voids a proposed letter. Telephone and ID numbers in `reason` are masked, since it is published."""
    letter = _locked(tx, letter_id)
    _require(letter, "decline", officer)
    return publish(tx, letters.decline(letter, mask(reason), clock.now(tx)))


def acknowledge(tx: Connection, letter_id: str, officer: Officer) -> Letter:
    """The officer's unit confirms receipt of its letter; for an officer of another unit the letter does not exist."""
    letter = _locked(tx, letter_id)
    if officer.unit != letter.unit or not officer.scopes.intersection(letter.scopes):
        raise LetterNotFound()
    _require(letter, "acknowledge", officer)
    return publish(tx, letters.acknowledge(letter, clock.now(tx)))


def _locked(tx: Connection, letter_id: str) -> Letter:
    letter = store.letters.lock(tx, letter_id) if _is_id(letter_id) else None
    if letter is None:
        raise LetterNotFound()
    return letter


def _require(letter: Letter, command: str, officer: Officer) -> None:
    officer.expect(letter.revision)
    letters.require_legal(letter, command)


def publish(tx: Connection, letter: Letter) -> Letter:
    """Saves a letter in its new state and publishes the event of that state."""
    store.letters.save(tx, [letter])
    outbox.put(tx, [letter_draft(letter, clock.now(tx))])
    metrics.LETTERS.labels(letter.state).inc()
    return letter


def _is_id(given: str) -> bool:
    try:
        return bool(uuid.UUID(given))
    except ValueError:
        return False
