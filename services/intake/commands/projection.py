"""How intake reads the events of dispatch and sla: each is folded into the progress of its case."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from chassis.delivery.envelope import Draft, Event
from chassis.delivery.subscription import Subscription
from chassis.operating.rebuild import Projection
from services.intake import events, store
from services.intake.domain import progress
from services.intake.domain.progress import Progress


def _fold(value: Progress | None, event: Event, now: datetime) -> tuple[Progress, list[Draft]]:
    known = value or Progress()
    if event.producer == "sla":
        return progress.apply_sla_event(known, event.data), []
    return progress.apply_dispatch_event(known, event.type, event.data), []


def _load(tx: Connection, batch: Sequence[Event]) -> dict[str, Progress]:
    return store.progress(tx, [event.partitionkey for event in batch])


SUBSCRIPTION: Subscription[Progress] = Subscription(events.READS, _load, _fold, store.save_progress)


def _save_again(tx: Connection, folded: Mapping[str, Progress]) -> None:
    store.progress(tx, list(folded))
    store.save_progress(tx, folded)


PROJECTION: Projection[Progress] = Projection(
    tables=[("progress", "number")],
    subscription=SUBSCRIPTION,
    fold=lambda known, event: _fold(known, event, event.time)[0],
    save=_save_again,
)
