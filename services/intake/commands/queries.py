"""Cases as the centre reads them."""

from sqlalchemy import Connection

from services.intake import store
from services.intake.domain.case import Case
from services.intake.domain.requests import CaseListRequest
from services.intake.errors import CaseNotFound


def case(tx: Connection, number: str, lock: bool = False) -> Case:
    """One case; with `lock`, nobody else changes it until the transaction ends. Raises CaseNotFound."""
    found = store.case(tx, number, lock)
    if found is None:
        raise CaseNotFound()
    return found


def case_list(tx: Connection, request: CaseListRequest) -> tuple[list[Case], str | None]:
    """A page of cases in order of arrival, and what `after` must be for the next page; None on the last."""
    found = store.queue(tx, request.state, request.after, request.limit + 1)
    page = found[: request.limit]
    return page, page[-1].number if len(found) > len(page) else None
