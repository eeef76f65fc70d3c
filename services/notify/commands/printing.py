"""Signed letters are printed and thereby issued."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from chassis import clock, failpoints, logs
from chassis.database import Database
from services.notify import metrics, store
from services.notify.commands.letters import publish
from services.notify.domain import letter as letters
from services.notify.domain import plan
from services.notify.domain.letter import Letter
from services.notify.errors import LetterNotFound, LetterNotPrinted
from services.notify.printing import page
from services.notify.printing.printer import PrinterFailed, print_letters
from services.notify.settings import Settings

log = logs.get(__name__)

PRINT_RUN = 5
"""Letters in one run of the printer, most of which is spent starting it."""


def print_signed(database: Database, settings: Settings) -> bool:
    """Prints signed letters and issues them; true if there were any.

    The printer runs between two transactions. If this process dies after the file is made, the next run makes the
    same file again and records it.
    """
    with database.transaction() as tx:
        now = clock.now(tx)
        until = now + timedelta(seconds=2 * settings.print_seconds)
        jobs = store.print_jobs.claim(tx, now, until, PRINT_RUN)
    if not jobs:
        return False
    failpoints.hit("letters.ordered")
    hashes = _print_run(settings, [job.content for job in jobs])
    failpoints.hit("letters.rendered")
    with database.transaction() as tx:
        for job in jobs:
            if job.content["number"] in hashes:
                _issue(tx, job.letter, hashes[job.content["number"]])
        failpoints.hit("letters.recorded")
    return True


def _print_run(settings: Settings, contents: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The hashes of the files made, by letter number.

    If a run fails, each letter gets a run of its own, so that one bad letter delays no other.
    """
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
        return  # another printer was faster; the file is the same
    now = clock.now(tx)
    issued = publish(tx, letters.issue(letter, sha256, now))
    case = store.cases.load(tx, [issued.case], lock=False)[issued.case]
    message = plan.about_letter(case, issued.id, issued.unit, issued.number or "", now, issued.version)
    store.messages.add(tx, [(message, issued.restricted)], now)


def printed_file(tx: Connection, settings: Settings, letter: Letter) -> Path:
    """The PDF of an issued letter. Raises LetterNotPrinted."""
    content = store.print_jobs.content(tx, letter.id)
    path = settings.letters_dir.resolve() / page.file_name(content) if content else None
    if path is None or letter.sha256 is None or not path.is_file():
        raise LetterNotPrinted()
    return path


def print_again(database: Database, settings: Settings, letter_id: str) -> bool:
    """Prints an issued letter again, as after its folder was lost; true if the file is the same as before.

    Raises LetterNotFound, PrinterFailed.
    """
    with database.transaction() as tx:
        letter = store.letters.lock(tx, letter_id)
        content = store.print_jobs.content(tx, letter_id)
    if letter is None or letter.number is None or content is None:
        raise LetterNotFound()
    return print_letters(settings.letters_dir, [content], settings.print_seconds)[letter.number] == letter.sha256
