"""What officers look at. Nothing changes."""

from sqlalchemy import Connection

from services.dispatch import store
from services.dispatch.commands.reference import judged_by
from services.dispatch.domain.case import Case
from services.dispatch.domain.deadlines import Deadlines
from services.dispatch.domain.directory import Directory
from services.dispatch.domain.duties import DutyList
from services.dispatch.domain.organisation import Unit
from services.dispatch.domain.requests import CaseList
from services.dispatch.domain.supplement import Supplement
from services.dispatch.errors import CaseNotFound


def read(tx: Connection, number: str, scopes: frozenset[str]) -> tuple[Case, list[store.Work]]:
    """A case with its work log. Raises CaseNotFound."""
    case = store.find_case(tx, number, scopes)
    if case is None:
        raise CaseNotFound
    return case, store.work_of(tx, number)


def deadlines(tx: Connection, number: str) -> Deadlines:
    """The deadlines of a case that the caller may see."""
    return store.find_deadlines(tx, number)


def supplements(tx: Connection, number: str) -> list[Supplement]:
    """What the resident added to a case that the caller may see, newest last."""
    return store.supplements_of(tx, number)


def page(tx: Connection, scopes: frozenset[str], query: CaseList) -> list[store.Entry]:
    """Up to `limit` of the cases that `scopes` see, after `after`. Raises BadCursor."""
    return store.page(tx, scopes, query)


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
    """The current duty list, ended items included."""
    return judged_by(tx).duties


def public_directory(tx: Connection) -> Directory:
    """Whom residents may call, for anybody to read."""
    return store.directory.read(tx, store.lock_editions(tx)["directory"].version)


def status(tx: Connection) -> dict[str, object]:
    """The loaded editions and the cases by state, for an operator."""
    editions = store.lock_editions(tx)
    versions = {name: edition.version or "not loaded" for name, edition in editions.items()}
    return {**versions, "cases": store.count_by_state(tx)}
