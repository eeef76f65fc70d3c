"""The centre's reception: what waits to be accepted, in the order in which it is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from services.intake import store
from services.intake.commands import cases as commands
from services.intake.commands.cases import Intake
from services.intake.domain.case import ACCEPT_WITHIN, Case, may_accept_itself
from services.intake.domain.holder import Supplement
from services.intake.domain.identity import Writer
from services.intake.errors import CaseNotFound, IllegalTransition

PAGE = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case nobody has decided about; `due` is the promised hour's end (UTC, R20)."""

    case: Case
    due: datetime


@dataclass(frozen=True, slots=True)
class Queue:
    """The first cases, and how many there are in all."""

    first: list[Waiting]
    cases: int
    emergencies: int


@dataclass(frozen=True, slots=True)
class Opened:
    """One case as the centre reads it; the writer is shown masked only."""

    case: Case
    due: datetime
    writer: Writer
    supplements: tuple[Supplement, ...]


def queue(tx: Connection) -> Queue:
    """What waits."""
    cases, emergencies = store.waiting_counts(tx)
    return Queue(
        [Waiting(each, each.submitted_at + ACCEPT_WITHIN) for each in store.waiting(tx, PAGE)], cases, emergencies
    )


def opened(tx: Connection, house: Intake, number: str) -> Opened:
    """One case in full. Raises CaseNotFound."""
    found = store.held(tx, number)
    if found is None:
        raise CaseNotFound()
    case = found[0].case
    return Opened(case, case.submitted_at + ACCEPT_WITHIN, commands.writer(tx, house, number), found[0].supplements)


def accept_several(tx: Connection, numbers: Sequence[str]) -> int:
    """Accepts what is still to be decided of these, emergencies left out: each of them is judged by itself (X16).

    Returns how many.
    """
    return sum(_accept(tx, number) for number in sorted(set(numbers)))


def _accept(tx: Connection, number: str) -> bool:
    try:
        if not may_accept_itself(commands.case(tx, number)):
            return False
        commands.accept(tx, number)
    except (CaseNotFound, IllegalTransition):
        return False
    return True
