"""The centre's reception: the cases that wait to be accepted, in the order in which they should be looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from services.intake import store
from services.intake.commands import deciding, identities, queries
from services.intake.commands.context import Context
from services.intake.domain.case import ACCEPT_WITHIN, Case, may_accept_automatically
from services.intake.domain.holder import Supplement
from services.intake.domain.identity import Writer
from services.intake.errors import CaseNotFound, IllegalTransition

PAGE = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case nobody has decided about; the promised hour ends at `due` (UTC, R20)."""

    case: Case
    due: datetime


@dataclass(frozen=True, slots=True)
class Queue:
    """The first cases that wait, and how many wait in all."""

    first: list[Waiting]
    cases: int
    emergencies: int


@dataclass(frozen=True, slots=True)
class Opened:
    """One case as the centre reads it; the page shows the writer masked."""

    case: Case
    due: datetime
    writer: Writer
    supplements: tuple[Supplement, ...]


def queue(tx: Connection) -> Queue:
    """What waits to be accepted."""
    cases, emergencies = store.waiting_counts(tx)
    first = [Waiting(each, each.submitted_at + ACCEPT_WITHIN) for each in store.waiting(tx, PAGE)]
    return Queue(first, cases, emergencies)


def opened(tx: Connection, context: Context, number: str) -> Opened:
    """One case in full. Raises CaseNotFound."""
    found = store.case_history(tx, number)
    if found is None:
        raise CaseNotFound()
    case, supplements = found[0].case, found[0].supplements
    return Opened(case, case.submitted_at + ACCEPT_WITHIN, identities.writer(tx, context, number), supplements)


def accept_several(tx: Connection, numbers: Sequence[str]) -> int:
    """Accepts those that are still undecided, except emergencies: each of them is judged by itself (X16).

    Returns how many were accepted.
    """
    return sum(_accept(tx, number) for number in sorted(set(numbers)))


def _accept(tx: Connection, number: str) -> bool:
    try:
        if not may_accept_automatically(queries.case(tx, number)):
            return False
        deciding.accept(tx, number)
    except (CaseNotFound, IllegalTransition):
        return False
    return True
