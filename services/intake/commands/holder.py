"""What the holder of a query code does after the letter: add to it, withdraw it, rate how it ended.

The caller has shown that they hold the code, either by `look_up` or by the signed cookie of a page.
"""

from typing import Any

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery import outbox
from services.intake import events, metrics, store
from services.intake.commands.context import Context
from services.intake.domain import emergency, holder
from services.intake.domain.case import Change
from services.intake.domain.emergency import Alarm
from services.intake.domain.holder import CaseHistory, Supplement
from services.intake.domain.requests import RatingRequest, SupplementRequest
from services.intake.domain.resident_view import resident_view
from services.intake.errors import CaseNotFound


def supplement(tx: Connection, context: Context, number: str, request: SupplementRequest, media: int = 0) -> None:
    """Adds to the letter; `media` files come with it.

    Raises CaseNotFound, IllegalTransition.
    """
    found = alarm(context, request)
    added = Supplement(request.text, media, clock.now(tx))
    change = holder.supplement(_locked_history(tx, number), added, found.words if found else ())
    store.add_supplement(tx, number, added)
    _publish(tx, context, change)


def alarm(context: Context, request: SupplementRequest) -> Alarm | None:
    """The alarm that the resident's new words raise (X16)."""
    return emergency.find(request.text, context.settings.emergency_rules)


def withdraw(tx: Connection, context: Context, number: str) -> None:
    """Withdraws the letter, or asks dispatch to let it go. Raises CaseNotFound, IllegalTransition."""
    _publish(tx, context, holder.request_withdrawal(_locked_history(tx, number), clock.now(tx)))


def rate(tx: Connection, context: Context, number: str, request: RatingRequest) -> None:
    """Rates the pass that has just ended. Raises CaseNotFound, IllegalTransition."""
    history = _locked_history(tx, number)
    rating, change = holder.rate(history, request.grade, request.comment, clock.now(tx))
    store.add_rating(tx, number, rating)
    _publish(tx, context, change)
    metrics.RATINGS.labels(request.grade).inc()


def view(tx: Connection, number: str) -> dict[str, Any]:
    """What the holder sees now. Raises CaseNotFound."""
    return resident_view(_existing(store.case_history(tx, number)))


def _locked_history(tx: Connection, number: str) -> CaseHistory:
    # The lock first: what is read afterwards holds until the transaction ends.
    return _existing(store.case_history(tx, number) if store.case(tx, number, lock=True) else None)


def _existing(found: tuple[CaseHistory, bytes] | None) -> CaseHistory:
    if found is None:
        raise CaseNotFound()
    return found[0]


def _publish(tx: Connection, context: Context, change: Change) -> None:
    case, raised = change
    names = [context.secrecy.open(row).name for row in store.identities(tx, [case.number])]
    store.update(tx, case)
    outbox.put(tx, events.drafts(raised, *names))
