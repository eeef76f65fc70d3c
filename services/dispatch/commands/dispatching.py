"""A waiting case is sent to a unit: as an officer chose, or as triage suggests, many at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from chassis.errors import DomainError
from services.dispatch.commands.officer import Officer, check_decider, run_step
from services.dispatch.commands.orders import order_of
from services.dispatch.commands.reference import judged_by
from services.dispatch.domain import dispatching
from services.dispatch.domain.case import Case, Fact
from services.dispatch.domain.requests import Dispatch
from services.dispatch.domain.states import next_state
from services.dispatch.errors import NoSuggestion, RestrictedInBulk


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case of many: the unit it was sent to, or the refusal."""

    number: str
    unit: str | None = None
    unit_name: str | None = None
    refusal: DomainError | None = None


def dispatch(tx: Connection, number: str, request: Dispatch, officer: Officer) -> Case:
    """Sends a waiting case to a lead unit; what `request` leaves out stays as triage found it.

    Raises CaseNotFound, NotYours, IllegalTransition, UnknownUnit, ClosedUnit, ConcernedUnit, LeadIsHelper,
    UnknownCategory, NoSuggestion.
    """
    return _send(tx, number, officer, lambda _: request)


def dispatch_as_suggested(tx: Connection, number: str, officer: Officer) -> Case:
    """Sends a waiting case to the unit that triage suggests, with everything as triage found it.

    Raises RestrictedInBulk, NoSuggestion, and what `dispatch` raises.
    """
    return _send(tx, number, officer, _suggested)


def dispatch_each(numbers: Iterable[str], send: Callable[[str], Case]) -> list[Outcome]:
    """One outcome per number, in their order. `send` dispatches one case in a transaction of its own."""
    return [_outcome(number, send) for number in dict.fromkeys(numbers)]


def _send(tx: Connection, number: str, officer: Officer, request_for: Callable[[Case], Dispatch]) -> Case:
    reference = judged_by(tx)

    def step(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
        next_state(case.state, "dispatch")  # a case that was sent already is told so, whatever else is wrong
        return dispatching.dispatch(case, order_of(case, request_for(case), reference), "centre", now)

    return run_step(tx, number, officer, check_decider, step)


def _suggested(case: Case) -> Dispatch:
    if case.restricted:
        raise RestrictedInBulk
    if case.study is None or case.study.suggestion is None:
        raise NoSuggestion
    return Dispatch(unit=case.study.suggestion)


def _outcome(number: str, send: Callable[[str], Case]) -> Outcome:
    try:
        case = send(number)
    except DomainError as refusal:
        return Outcome(number, refusal=refusal)
    return Outcome(number, case.unit, case.unit_name)
