"""Many waiting cases at once, each to the unit that triage suggests, each in a transaction of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from chassis.database import Database
from chassis.errors import DomainError
from services.dispatch.commands.officer import Officer, check_decider, take
from services.dispatch.commands.orders import order
from services.dispatch.commands.reference import judged_by
from services.dispatch.domain import case as cases
from services.dispatch.domain.case import Case, Fact
from services.dispatch.errors import NoSuggestion


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of the cases: `code` is that of the refusal, None when it was sent to `unit`."""

    number: str
    unit: str | None = None
    code: str | None = None


def dispatch_as_suggested(database: Database, numbers: Sequence[str], officer: Officer) -> list[Outcome]:
    """One outcome per number, in their order. A case sent before is refused as every illegal step is."""
    return [_outcome(database, number, officer) for number in dict.fromkeys(numbers)]


def _outcome(database: Database, number: str, officer: Officer) -> Outcome:
    try:
        with database.transaction() as tx:
            return Outcome(number, _dispatch(tx, number, officer).unit)
    except DomainError as refusal:
        return Outcome(number, code=refusal.code)


def _dispatch(tx: Connection, number: str, officer: Officer) -> Case:
    reference = judged_by(tx)

    def step(case: Case, now: Any) -> tuple[Case, list[Fact]]:
        cases.check_legal(case, "dispatch")
        if case.study is None or case.study.suggestion is None or case.complexity is None:
            raise NoSuggestion
        wish = {"unit": case.study.suggestion, "complexity": case.complexity}
        return cases.dispatch(case, order(case, wish, reference), "centre", now)

    return take(tx, number, officer, check_decider, step)
