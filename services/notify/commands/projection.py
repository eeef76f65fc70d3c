"""Rebuilds cases and units from the event logs: facts only, no message is planned and no letter proposed."""

from collections.abc import Mapping

from sqlalchemy import Connection

from chassis import clock
from chassis.delivery.envelope import Event
from chassis.operating.rebuild import Projection
from services.notify import store
from services.notify.commands.cases import SUBSCRIPTION
from services.notify.commands.facts import unit_of, with_event
from services.notify.domain import plan
from services.notify.domain.case import Case
from services.notify.domain.unit import Unit

Known = Case | Unit


def _fold(known: Known | None, event: Event) -> Known:
    if event.type == "unit.changed":
        return unit_of(event)
    return with_event(known if isinstance(known, Case) else Case(number=event.partitionkey), event)


def _save(tx: Connection, folded: Mapping[str, Known]) -> None:
    """Leaves a letter that is due but was never proposed to the timer, which then proposes it."""
    cases = [known for known in folded.values() if isinstance(known, Case)]
    store.units.write(tx, [known for known in folded.values() if isinstance(known, Unit)])
    proposed, now = store.letters.proposed(tx, [case.number for case in cases]), clock.now(tx)
    store.cases.save(
        tx, [(case, plan.next_letter(case, now, proposed.get(case.number, frozenset()))) for case in cases]
    )


PROJECTION: Projection[Known] = Projection(
    tables=[("posts", "unit"), ("units", "code"), ("cases", "number")],
    subscription=SUBSCRIPTION,
    fold=_fold,
    save=_save,
)
