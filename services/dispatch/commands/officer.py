"""Who gives a command, and the shape of every command: lock the case, decide, save, publish."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery import outbox
from services.dispatch import events, metrics, store
from services.dispatch.domain.case import Case, Fact
from services.dispatch.domain.requests import Request
from services.dispatch.domain.visibility import decider
from services.dispatch.errors import CaseNotFound, NotLeadUnit, NotYours


@dataclass(frozen=True, slots=True)
class Officer:
    """Who gives a command: the token's subject, roles and unit, and the scopes that say which cases are seen.

    `expect` is called with the case's revision and refuses it if the officer has read another one.
    """

    subject: str
    roles: frozenset[str]
    unit: str | None
    scopes: frozenset[str]
    expect: Callable[[int], None]


R_contra = TypeVar("R_contra", bound=Request, contravariant=True)


class Command(Protocol[R_contra]):
    """Every command on one case: in the caller's transaction, returning the case as it is afterwards."""

    def __call__(self, tx: Connection, number: str, request: R_contra, officer: Officer, /) -> Case: ...


Step = Callable[[Case, datetime], tuple[Case, list[Fact]]]
Check = Callable[[Case, Officer], None]


def run_step(tx: Connection, number: str, officer: Officer, check: Check, step: Step) -> Case:
    """Runs one step on one case, saves and publishes it. Raises CaseNotFound, and what `check` and `step` raise."""
    case = lock_for(tx, number, officer, check)
    case, facts = step(case, clock.now(tx))
    save_and_publish(tx, officer, [case], facts)
    return case


def lock_for(tx: Connection, number: str, officer: Officer, check: Check) -> Case:
    """The case, locked. Raises CaseNotFound, Refusal `stale`, and what `check` raises."""
    case = store.lock_case(tx, number, officer.scopes)
    if case is None:
        raise CaseNotFound
    check(case, officer)
    officer.expect(case.revision)
    return case


def save_and_publish(tx: Connection, officer: Officer, changed: Sequence[Case], facts: Sequence[Fact]) -> None:
    store.save_cases(tx, changed)
    store.add_work(tx, [(fact, officer.subject) for fact in facts])
    outbox.put(tx, [events.draft(fact) for fact in facts])
    metrics.count(facts)


def check_decider(case: Case, officer: Officer) -> None:
    """Raises NotYours unless the officer's role dispatches and reviews this case."""
    if decider(case) not in officer.roles:
        raise NotYours


def check_lead(case: Case, officer: Officer) -> None:
    """Raises NotLeadUnit."""
    if officer.unit != case.unit:
        raise NotLeadUnit


def check_takes_part(case: Case, officer: Officer) -> None:
    """Raises NotLeadUnit unless the officer's unit leads the case or helps with it."""
    if officer.unit not in (case.unit, *case.helpers):
        raise NotLeadUnit
