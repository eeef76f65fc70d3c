"""What a unit notes of its own work, in the work log alone: no event is published."""

from sqlalchemy import Connection

from chassis import clock
from services.dispatch import store
from services.dispatch.commands.officer import Officer, check_lead, check_takes_part, lock_for
from services.dispatch.domain import work
from services.dispatch.domain.case import Case
from services.dispatch.domain.requests import NameHandler, RecordWork


def name_handler(tx: Connection, number: str, request: NameHandler, officer: Officer) -> Case:
    """The lead unit names the officer who handles the case. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    case = lock_for(tx, number, officer, check_lead)
    return _save(tx, *work.name_handler(case, request.name, clock.now(tx)), officer)


def record_work(tx: Connection, number: str, request: RecordWork, officer: Officer) -> Case:
    """The lead unit or a helper has done something. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    case = lock_for(tx, number, officer, check_takes_part)
    return _save(tx, *work.record(case, request.kind, request.text, request.media, clock.now(tx)), officer)


def _save(tx: Connection, case: Case, entry: work.Entry, officer: Officer) -> Case:
    store.save_cases(tx, [case])
    store.add_entry(tx, entry, officer.subject)
    return case
