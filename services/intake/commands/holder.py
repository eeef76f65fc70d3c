"""What the holder of a query code does after the letter: add to it, take it back, rate how it ended.

Whoever calls has proved that the caller holds the code: by `commands.look_up`, or by the signed cookie of a page.
"""

from typing import Any

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery import outbox
from services.intake import events, metrics, store
from services.intake.commands.cases import Intake
from services.intake.domain import emergency, holder
from services.intake.domain.case import Change
from services.intake.domain.emergency import Alarm
from services.intake.domain.holder import Grade, Held, Supplement
from services.intake.domain.resident_view import resident_view
from services.intake.errors import CaseNotFound


def supplement(tx: Connection, house: Intake, number: str, text: str, media: int = 0) -> None:
    """Adds to the letter; `media` files come with it.

    Raises CaseNotFound, IllegalTransition.
    """
    found = alarm(house, text)
    added = Supplement(text, media, clock.now(tx))
    change = holder.supplement(_held(tx, number), added, found.words if found else ())
    store.add_supplement(tx, number, added)
    _publish(tx, house, change)


def alarm(house: Intake, text: str) -> Alarm | None:
    """The alarm that the resident's new words raise (X16)."""
    return emergency.find(text, house.settings.emergency_rules)


def withdraw(tx: Connection, house: Intake, number: str) -> None:
    """Takes the letter back, or asks dispatch to let it go. Raises CaseNotFound, IllegalTransition."""
    _publish(tx, house, holder.take_back(_held(tx, number), clock.now(tx)))


def rate(tx: Connection, house: Intake, number: str, grade: Grade, comment: str) -> None:
    """Rates the pass that has just ended. Raises CaseNotFound, IllegalTransition."""
    rating, change = holder.rate(_held(tx, number), grade, comment, clock.now(tx))
    store.add_rating(tx, number, rating)
    _publish(tx, house, change)
    metrics.RATINGS.labels(grade).inc()


def view(tx: Connection, number: str) -> dict[str, Any]:
    """What the holder sees now. Raises CaseNotFound."""
    return resident_view(_there(store.held(tx, number)))


def _held(tx: Connection, number: str) -> Held:
    # The lock first: what is read afterwards holds until the transaction ends.
    return _there(store.held(tx, number) if store.case(tx, number, lock=True) else None)


def _there(found: tuple[Held, bytes] | None) -> Held:
    if found is None:
        raise CaseNotFound()
    return found[0]


def _publish(tx: Connection, house: Intake, change: Change) -> None:
    case, raised = change
    names = [house.secrecy.open(row).name for row in store.identities(tx, [case.number])]
    store.update(tx, case)
    outbox.put(tx, events.drafts(raised, *names))
