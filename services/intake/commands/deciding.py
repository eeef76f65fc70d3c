"""The centre decides: it accepts the case, and dispatch goes on; or it refuses the case."""

from collections.abc import Callable

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery import outbox
from services.intake import events, store
from services.intake.commands import queries
from services.intake.domain import case as cases
from services.intake.domain.case import AcceptedBy, Case, Change, Reason

CheckRevision = Callable[[int], None]


def any_revision(revision: int) -> None:
    """For callers who do not say which revision of the case they saw."""


def accept(tx: Connection, number: str, check: CheckRevision = any_revision) -> Case:
    """The centre accepts. Raises CaseNotFound, IllegalTransition, and what `check` raises on the case's revision."""
    case = _locked(tx, number, check)
    return _saved(tx, cases.accept(case, AcceptedBy.CENTRE, clock.now(tx)))


def refuse(tx: Connection, number: str, reason: Reason, check: CheckRevision = any_revision) -> Case:
    """The centre refuses, with a reason the resident is told. Raises as `accept` does."""
    case = _locked(tx, number, check)
    return _saved(tx, cases.refuse(case, reason, clock.now(tx)))


def _locked(tx: Connection, number: str, check: CheckRevision) -> Case:
    case = queries.case(tx, number, lock=True)
    check(case.revision)
    return case


def _saved(tx: Connection, change: Change) -> Case:
    case, raised = change
    store.update(tx, case)
    outbox.put(tx, events.drafts(raised))
    return case
