"""A case together with its warning letters: loaded, brought into agreement, saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery.envelope import Draft
from services.notify import metrics, store
from services.notify.commands.published import letter_draft
from services.notify.domain import letter as letters
from services.notify.domain import plan
from services.notify.domain.case import Case
from services.notify.domain.letter import Letter
from services.notify.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case with its letters by (kind, gen), and what a batch added: planned messages, keys of changed letters.

    `loaded_at` is when the batch began.
    """

    case: Case
    letters: Mapping[tuple[str, int], Letter]
    planned: tuple[Message, ...] = ()
    changed: frozenset[tuple[str, int]] = field(default_factory=frozenset)
    loaded_at: datetime


def with_letters(tx: Connection, cases: Mapping[str, Case]) -> dict[str, CaseFile]:
    """The files of `cases` by case number, their letters locked."""
    now, known = clock.now(tx), store.letters.of_cases(tx, list(cases))
    return {number: CaseFile(case=case, letters=known.get(number, {}), loaded_at=now) for number, case in cases.items()}


def agreed(file: CaseFile, now: datetime) -> tuple[CaseFile, list[Draft]]:
    """Letters follow breaches: proposes the missing ones, voids unsigned ones whose breach no longer stands."""
    changed = {(letter.kind, letter.gen): letter for letter in (*_proposed(file, now), *_voided(file, now))}
    after = replace(file, letters={**file.letters, **changed}, changed=file.changed | changed.keys())
    return after, [letter_draft(letter, now) for letter in changed.values()]


def _proposed(file: CaseFile, now: datetime) -> list[Letter]:
    case = file.case
    return [
        letters.propose(case.number, breach, case.restricted, now)
        for breach in plan.letters_due(case, now)
        if (breach.kind, breach.gen) not in file.letters
    ]


def _voided(file: CaseFile, now: datetime) -> list[Letter]:
    unfounded = {(each.kind, each.gen) for each in file.case.breaches if not plan.wants_letter(file.case, each)}
    return [
        letters.retract(letter, now)
        for key, letter in file.letters.items()
        if key in unfounded and letters.is_legal(letter, "retract")
    ]


def save(tx: Connection, files: Sequence[CaseFile]) -> None:
    """Writes cases, planned messages and changed letters."""
    if not files:
        return
    store.cases.save(tx, [(file.case, plan.next_letter(file.case, file.loaded_at)) for file in files])
    planned = [(message, file.case.restricted) for file in files for message in file.planned]
    if planned:
        store.messages.add(tx, planned, clock.now(tx))
    changed = [file.letters[key] for file in files for key in sorted(file.changed)]
    if changed:
        store.letters.save(tx, changed)
    for letter in changed:
        metrics.LETTERS.labels(letter.state).inc()
