"""All SQL of dispatch, one module per concept. Returns domain values."""

from services.dispatch.store import directory
from services.dispatch.store.cases import CASE_COLUMNS, find_case, lock_case, lock_cases, save_cases
from services.dispatch.store.deadlines import lock_deadlines, save_deadlines
from services.dispatch.store.lists import Count, Entry, count_by_state, count_open, find_deadlines, page, present, wall
from services.dispatch.store.reference import (
    duty_list,
    lock_editions,
    organisation,
    renew_edition,
    save_duties,
    save_units,
)
from services.dispatch.store.supplements import save_supplements, supplements_of
from services.dispatch.store.texts import Neighbour, neighbours, save_texts, search
from services.dispatch.store.work import Work, add_entry, add_work, work_of

__all__ = [
    "CASE_COLUMNS",
    "Count",
    "Entry",
    "Neighbour",
    "Work",
    "add_entry",
    "add_work",
    "count_by_state",
    "count_open",
    "directory",
    "duty_list",
    "find_case",
    "find_deadlines",
    "lock_case",
    "lock_cases",
    "lock_deadlines",
    "lock_editions",
    "neighbours",
    "organisation",
    "page",
    "present",
    "renew_edition",
    "save_cases",
    "save_deadlines",
    "save_duties",
    "save_supplements",
    "save_texts",
    "save_units",
    "search",
    "supplements_of",
    "wall",
    "work_of",
]  # fmt: skip
