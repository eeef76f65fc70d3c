"""What sla makes of the events it consumes: each brings the clocks and the mark of its case up to date."""

from collections.abc import Sequence
from datetime import datetime

from chassis.database import Connection
from chassis.delivery.envelope import Draft, Event
from chassis.delivery.subscription import Subscription
from services.sla import events, store
from services.sla.consumed import READS, dispatch_facts, intake_facts
from services.sla.domain.case import Case, settle, with_dispatch, with_intake


def fold(known: Case | None, event: Event, now: datetime) -> tuple[Case, list[Draft]]:
    """The case after one more event of intake or dispatch, and what is to be published.

    `now` plays no part: recorded facts set the clocks here, and the claim alone fires them.
    """
    before = known or Case(event.partitionkey)
    if event.producer == "intake":
        after = with_intake(before, intake_facts(event))
    else:
        after = with_dispatch(before, dispatch_facts(event))
    case, steps, marking = settle(after)
    return case, events.drafts(before.version, case, steps, marking, event)


def load(tx: Connection, batch: Sequence[Event]) -> dict[str, Case]:
    """Every known case of the batch, its row locked."""
    return store.load(tx, sorted({event.partitionkey for event in batch}))


SUBSCRIPTION = Subscription(reads=READS, load=load, fold=fold, save=store.save, tick=store.mark_caught_up)
