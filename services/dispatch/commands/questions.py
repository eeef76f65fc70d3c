"""What people look at. Nothing changes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from services.dispatch import store
from services.dispatch.commands.reference import judged_by
from services.dispatch.domain.case import Case
from services.dispatch.domain.deadlines import Standing
from services.dispatch.domain.directory import Directory
from services.dispatch.domain.duties import DutyList
from services.dispatch.domain.organisation import Unit
from services.dispatch.domain.supplement import Supplement
from services.dispatch.errors import CaseNotFound


def read(tx: Connection, number: str, scopes: frozenset[str]) -> tuple[Case, list[store.Work]]:
    """A case with its work log. Raises CaseNotFound."""
    case = store.find_case(tx, number, scopes)
    if case is None:
        raise CaseNotFound
    return case, store.work_of(tx, number)


def standing(tx: Connection, number: str) -> Standing:
    """How a case stands that the caller was shown already."""
    return store.find_standing(tx, number)


def supplements(tx: Connection, number: str) -> list[Supplement]:
    """What the resident added to a case that the caller was shown already, newest last."""
    return store.supplements_of(tx, number)


def page(tx: Connection, scopes: frozenset[str], wish: Mapping[str, Any]) -> list[store.Entry]:
    """Up to `limit` of the cases that `scopes` see, after `after`, by number or by time left. Raises BadCursor.

    `wish` is a `ListQuery` as loaded.
    """
    return store.page(tx, scopes, wish)


def wall(tx: Connection, scopes: frozenset[str]) -> tuple[list[store.Count], list[store.Count]]:
    """How many of the cases that `scopes` see are open, yellow and red: by unit, then by community."""
    return store.wall(tx, scopes)


def count_open(tx: Connection, scopes: frozenset[str]) -> dict[tuple[str, str], int]:
    """How many open cases `scopes` see, by state and mark."""
    return store.count_open(tx, scopes)


def units(tx: Connection) -> list[Unit]:
    """All units, closed ones too, in order of code."""
    return list(store.organisation(tx).units.values())


def duty_list(tx: Connection) -> DutyList:
    """The duty list as it stands, ended items included."""
    return judged_by(tx).duties


def public_directory(tx: Connection) -> Directory:
    """Whom residents may call, as anybody may read it."""
    return store.directory.read(tx, store.lock_editions(tx)["directory"].version)


def status(tx: Connection) -> dict[str, object]:
    """What an operator wants to see at a glance."""
    editions = store.lock_editions(tx)
    versions = {name: edition.version or "not loaded" for name, edition in editions.items()}
    return {**versions, "cases": store.count_by_state(tx)}
