"""Who gives a command, and how every command is taken: load under lock, decide, save, publish."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery import outbox
from services.dispatch import events, metrics, store
from services.dispatch.domain.case import Case, Fact
from services.dispatch.domain.visibility import decider
from services.dispatch.errors import CaseNotFound, NotLeadUnit, NotYours


@dataclass(frozen=True, slots=True)
class Officer:
    """Who gives a command: the token's subject, roles and unit, the scopes it sees, and the revision it has read."""

    subject: str
    roles: frozenset[str]
    unit: str | None
    scopes: frozenset[str]
    expect: Callable[[int], None]


Step = Callable[[Case, datetime], tuple[Case, list[Fact]]]
Check = Callable[[Case, Officer], None]


def take(tx: Connection, number: str, officer: Officer, check: Check, step: Step) -> Case:
    """One step on one case, told at once. Raises CaseNotFound, and what `check` and `step` raise."""
    case = locked(tx, number, officer, check)
    case, facts = step(case, clock.now(tx))
    keep(tx, officer, [case], facts)
    return case


def locked(tx: Connection, number: str, officer: Officer, check: Check) -> Case:
    """The case as it stands, nobody else changing it. Raises CaseNotFound, Refusal `stale`, what `check` raises."""
    case = store.lock_case(tx, number, officer.scopes)
    if case is None:
        raise CaseNotFound
    check(case, officer)
    officer.expect(case.revision)
    return case


def keep(tx: Connection, officer: Officer, changed: Sequence[Case], facts: Sequence[Fact]) -> None:
    """Saves and publishes what one command did."""
    store.save_cases(tx, changed)
    store.add_work(tx, [(fact, officer.subject) for fact in facts])
    outbox.put(tx, [events.draft(fact) for fact in facts])
    metrics.count(facts)


def check_decider(case: Case, officer: Officer) -> None:
    if decider(case) not in officer.roles:
        raise NotYours


def check_lead(case: Case, officer: Officer) -> None:
    if officer.unit != case.unit:
        raise NotLeadUnit


def check_part(case: Case, officer: Officer) -> None:
    """Lead or helper. Raises NotLeadUnit."""
    if officer.unit not in (case.unit, *case.helpers):
        raise NotLeadUnit
