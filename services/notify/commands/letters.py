"""Warning letters: signed or declined by a leader, printed, acknowledged by the unit."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from chassis import clock, failpoints, logs
from chassis.database import Database
from chassis.delivery import outbox
from chassis.masking import mask
from services.notify import metrics, store
from services.notify.commands.published import letter_draft
from services.notify.domain import letter as letters
from services.notify.domain import plan, series
from services.notify.domain.letter import Letter
from services.notify.errors import IllegalTransition, LetterNotFound, LetterNotPrinted
from services.notify.printing import paper as letter_page
from services.notify.printing.press import PrinterFailed, print_letters
from services.notify.settings import Settings

log = logs.get(__name__)

PRINT_RUN = 5
"""Letters in one run of the printer: most of a run is its start."""

Check = Callable[[Letter], None]
"""Raises if the caller has not seen the newest revision, or may not act on this letter."""


def sign(tx: Connection, settings: Settings, letter_id: str, by: str, check: Check) -> Letter:
    """Signs a proposed letter: its number and its whole content are fixed in this transaction.

    Raises LetterNotFound, IllegalTransition, and what `check` raises.
    """
    letter = _locked(tx, letter_id, "sign", check)
    now = clock.now(tx)
    year = series.year_of(now)
    number = series.letter_number(settings.letter_code, year, store.letters.next_count(tx, settings.letter_code, year))
    signed = letters.sign(letter, number, by, now)
    store.letters.save(tx, [signed])
    content = letter_page.content(
        signed, issuer=settings.letter_issuer, street=settings.letter_street, telephone=settings.telephone
    )
    store.letters.fix_content(tx, signed.id, content, now)
    metrics.LETTERS.labels("signed").inc()
    return signed


def decline(tx: Connection, letter_id: str, reason: str, check: Check) -> Letter:
    """The leader does not sign. Numbers in `reason` are masked, since it is published.

    Raises LetterNotFound, IllegalTransition, and what `check` raises.
    """
    letter = _locked(tx, letter_id, "decline", check)
    return _moved(tx, letters.decline(letter, mask(reason), clock.now(tx)))


def acknowledge(tx: Connection, letter_id: str, check: Check) -> Letter:
    """The unit has the letter. Raises LetterNotFound, IllegalTransition, and what `check` raises."""
    letter = _locked(tx, letter_id, "acknowledge", check)
    return _moved(tx, letters.acknowledge(letter, clock.now(tx)))


def _locked(tx: Connection, letter_id: str, command: str, check: Check) -> Letter:
    letter = store.letters.lock(tx, letter_id)
    if letter is None:
        raise LetterNotFound()
    check(letter)
    if not letters.is_legal(letter, command):
        raise IllegalTransition(state=letter.state, legal=list(letters.legal(letter.state)))
    return letter


def _moved(tx: Connection, letter: Letter) -> Letter:
    store.letters.save(tx, [letter])
    outbox.put(tx, [letter_draft(letter, clock.now(tx))])
    metrics.LETTERS.labels(letter.state).inc()
    return letter


def print_signed(database: Database, settings: Settings) -> bool:
    """Prints what was signed and issues it; true if there was anything.

    The printer runs between two transactions. Should this process die after the paper is made, the next run makes
    the same paper again and records it.
    """
    with database.transaction() as tx:
        now = clock.now(tx)
        until = now + timedelta(seconds=2 * settings.print_seconds)
        orders = store.letters.take_to_print(tx, now, until, PRINT_RUN)
    if not orders:
        return False
    failpoints.hit("letters.ordered")
    printed = _print_run(settings, [content for _, content in orders])
    failpoints.hit("letters.rendered")
    with database.transaction() as tx:
        for letter_id, content in orders:
            if content["number"] in printed:
                _issue(tx, letter_id, printed[content["number"]])
        failpoints.hit("letters.recorded")
    return True


def _print_run(settings: Settings, contents: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The hashes of the papers made. A run that fails goes letter by letter, so that one bad letter delays no other."""
    try:
        with metrics.PRINT_SECONDS.time():
            return print_letters(settings.letters_dir, contents, settings.print_seconds)
    except PrinterFailed as error:
        log.error("printer failed", letters=len(contents), reason=str(error))
    if len(contents) == 1:
        return {}
    return {number: hash_ for each in contents for number, hash_ in _print_run(settings, [each]).items()}


def _issue(tx: Connection, letter_id: str, sha256: str) -> None:
    letter = store.letters.lock(tx, letter_id)
    if letter is None or not letters.is_legal(letter, "issue"):
        return  # another printer was faster; the paper is the same
    now = clock.now(tx)
    issued = _moved(tx, letters.issue(letter, sha256, now))
    case = store.cases.load(tx, [issued.case], lock=False)[issued.case]
    message = plan.about_letter(case, issued.id, issued.unit, issued.number or "", now, issued.version)
    store.messages.add(tx, [(message, issued.restricted)], now)


def paper(tx: Connection, settings: Settings, letter: Letter) -> Path:
    """Where the paper of an issued letter lies. Raises LetterNotPrinted."""
    content = store.letters.content(tx, letter.id)
    path = settings.letters_dir.resolve() / letter_page.file_name(content) if content else None
    if path is None or letter.sha256 is None or not path.is_file():
        raise LetterNotPrinted()
    return path


def print_again(database: Database, settings: Settings, letter_id: str) -> bool:
    """Makes the paper of an issued letter again, as after the loss of a tray; true if it is the same paper."""
    with database.transaction() as tx:
        letter = store.letters.lock(tx, letter_id)
        content = store.letters.content(tx, letter_id)
    if letter is None or letter.number is None or content is None:
        raise LetterNotFound()
    return print_letters(settings.letters_dir, [content], settings.print_seconds)[letter.number] == letter.sha256


def answer_of(letter: Letter) -> Mapping[str, Any]:
    """The letter as HTTP shows it."""
    names = ("id", "case", "unit", "unit_name", "state", "revision", "proposed_at", "signed_at", "issued_at")
    more = ("acknowledged_at", "voided_at", "cause", "reason", "sha256")
    breach: dict[str, str | int | datetime] = {
        "kind": letter.kind,
        "gen": letter.gen,
        "due": letter.due,
        "breached_at": letter.breached_at,
    }
    shown = {name: getattr(letter, name) for name in (*names, *more)}
    return shown | {"letter_number": letter.number, "breach": breach, "legal": list(letters.legal(letter.state))}
