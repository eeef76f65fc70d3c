"""Many waiting cases at once, each to the unit that triage suggests, each in a transaction of its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from chassis.errors import DomainError
from services.dispatch.commands.officer import Officer, check_decider, take
from services.dispatch.commands.orders import order
from services.dispatch.commands.reference import judged_by
from services.dispatch.domain import case as cases
from services.dispatch.domain.case import Case, Fact
from services.dispatch.errors import NoSuggestion, RestrictedInBulk

BULK_LIMIT = 100
"""Cases that one request may send."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case: the unit it was sent to, or the refusal."""

    number: str
    unit: str | None = None
    unit_name: str | None = None
    refusal: DomainError | None = None


def dispatch_each(numbers: Iterable[str], send: Callable[[str], Case]) -> list[Outcome]:
    """One outcome per number, in their order. `send` dispatches one case in a transaction of its own."""
    return [_outcome(number, send) for number in dict.fromkeys(numbers)]


def dispatch_as_suggested(tx: Connection, number: str, officer: Officer) -> Case:
    """Sends a waiting case to the unit that triage suggests, everything else as triage found it.

    Raises CaseNotFound, NotYours, IllegalTransition, RestrictedInBulk, NoSuggestion, and what `dispatch` raises.
    """
    reference = judged_by(tx)

    def step(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
        cases.check_legal(case, "dispatch")
        if case.restricted:
            raise RestrictedInBulk
        if case.study is None or case.study.suggestion is None or case.complexity is None:
            raise NoSuggestion
        wish = {"unit": case.study.suggestion, "complexity": case.complexity}
        return cases.dispatch(case, order(case, wish, reference), "centre", now)

    return take(tx, number, officer, check_decider, step)


def _outcome(number: str, send: Callable[[str], Case]) -> Outcome:
    try:
        case = send(number)
    except DomainError as refusal:
        return Outcome(number, refusal=refusal)
    return Outcome(number, case.unit, case.unit_name)
