"""What a unit notes of its own work. No event tells it."""

from sqlalchemy import Connection

from chassis import clock
from services.dispatch import store
from services.dispatch.commands.officer import Officer, check_lead, check_part, locked
from services.dispatch.domain import work
from services.dispatch.domain.case import Case


def name_handler(tx: Connection, number: str, name: str, officer: Officer) -> Case:
    """An officer inside the lead unit takes the case. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    case, entry = work.name_handler(locked(tx, number, officer, check_lead), name, clock.now(tx))
    return _keep(tx, case, entry, officer)


def record_work(tx: Connection, number: str, kind: str, text: str, media: tuple[str, ...], officer: Officer) -> Case:
    """Lead or helper has done something. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    case, entry = work.record(locked(tx, number, officer, check_part), kind, text, media, clock.now(tx))
    return _keep(tx, case, entry, officer)


def _keep(tx: Connection, case: Case, entry: work.Entry, officer: Officer) -> Case:
    store.save_cases(tx, [case])
    store.add_entry(tx, entry, officer.subject)
    return case
