"""What officers do with a case on its ordinary way, from the centre's queue to its closure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from services.dispatch import case as cases
from services.dispatch.case import Case, Fact, Order
from services.dispatch.commands.officer import Officer, check_decider, check_lead, take
from services.dispatch.commands.reference import Reference, judged_by
from services.dispatch.errors import ClosedUnit, UnknownCategory, UnknownUnit
from services.dispatch.organisation import Organisation


def dispatch(tx: Connection, number: str, wish: Mapping[str, Any], officer: Officer) -> Case:
    """Sends a waiting case to a lead unit; what `wish` leaves out stays as triage found it.

    Raises CaseNotFound, NotYours, IllegalTransition, UnknownUnit, ClosedUnit, ConcernedUnit, LeadIsHelper,
    UnknownCategory.
    """
    reference = judged_by(tx)

    def step(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
        cases.check_legal(case, "dispatch")
        return cases.dispatch(case, order(case, wish, reference), "centre", now)

    return take(tx, number, officer, check_decider, step)


def acknowledge(tx: Connection, number: str, officer: Officer) -> Case:
    """The lead unit confirms receipt. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    return take(tx, number, officer, check_lead, cases.acknowledge)


def contact(
    tx: Connection, number: str, process: str, means: str, promised_at: datetime | None, officer: Officer
) -> Case:
    """The lead unit has told the resident. Raises CaseNotFound, NotLeadUnit, IllegalTransition, PromiseInThePast."""
    return take(
        tx, number, officer, check_lead, lambda case, now: cases.contact(case, process, means, promised_at, now)
    )


def reply(tx: Connection, number: str, text: str, officer: Officer) -> Case:
    """The lead unit answers. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    return take(tx, number, officer, check_lead, lambda case, now: cases.reply(case, text, now))


def close(tx: Connection, number: str, outcome: str, officer: Officer) -> Case:
    """Review passed. Raises CaseNotFound, NotYours, IllegalTransition."""
    return take(tx, number, officer, check_decider, lambda case, now: cases.close(case, outcome, now))


def send_back(tx: Connection, number: str, reason: str, officer: Officer) -> Case:
    """Review failed. Raises CaseNotFound, NotYours, IllegalTransition."""
    return take(tx, number, officer, check_decider, lambda case, now: cases.send_back(case, reason, now))


def order(case: Case, wish: Mapping[str, Any], reference: Reference) -> Order:
    units = reference.organisation
    helpers = tuple(wish.get("helpers", case.study.helpers if case.study else ()))
    _check_unit(units, wish["unit"], "unit")
    for helper in helpers:
        _check_unit(units, helper, "helpers")
    category = wish.get("category", case.category)
    if "category" in wish and category not in reference.duties.categories():
        raise UnknownCategory("category")
    return Order(
        unit=wish["unit"],
        unit_name=str(units.name_of(wish["unit"])),
        complexity=wish["complexity"],
        helpers=helpers,
        category=category,
        priority=wish.get("priority", case.priority),
        sensitive=wish.get("sensitive", case.sensitive),
        restricted=wish.get("restricted", case.restricted),
    )


def _check_unit(units: Organisation, code: str, field: str) -> None:
    if code not in units.units:
        raise UnknownUnit(field)
    if not units.can_receive(code):
        raise ClosedUnit(field)
