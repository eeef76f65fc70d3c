"""All SQL of dispatch, one module per concept. Returns domain values."""

from services.dispatch.store import directory
from services.dispatch.store.cases import CASE_COLUMNS, find_case, lock_case, lock_cases, save_cases
from services.dispatch.store.lists import count_by_state, page
from services.dispatch.store.reference import (
    duty_list,
    lock_editions,
    organisation,
    renew_edition,
    save_duties,
    save_units,
)
from services.dispatch.store.work import Work, add_work, work_of

__all__ = [
    "CASE_COLUMNS", "Work", "add_work", "count_by_state", "directory", "duty_list", "find_case", "lock_case",
    "lock_cases", "lock_editions", "organisation", "page", "renew_edition", "save_cases", "save_duties",
    "save_units", "work_of",
]  # fmt: skip
