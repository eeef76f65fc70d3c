"""What sla does: follow the events of a case, and fire the clocks whose time has come."""

from collections.abc import Sequence
from datetime import datetime

from chassis import failpoints
from chassis.database import Connection, Database
from chassis.delivery.envelope import Draft, Event
from chassis.delivery.subscription import Subscription
from services.sla import events, metrics, store
from services.sla.domain.case import Case, hear_dispatch, hear_intake, settle
from services.sla.domain.sweep import BATCH, Sweep


def fold(known: Case | None, event: Event, now: datetime) -> tuple[Case, list[Draft]]:
    """The case after one more event of intake or dispatch, and what is to be published. `now` plays no part:
    clocks are set by recorded facts here, and fired by the claim alone."""
    before = known or Case(event.partitionkey)
    if event.producer == "intake":
        heard = hear_intake(before, events.intake_part(event))
    else:
        heard = hear_dispatch(before, events.dispatch_part(event))
    case, steps, marking = settle(heard)
    return case, events.drafts(before.version, case, steps, marking, event)


def load(tx: Connection, heard: Sequence[Event]) -> dict[str, Case]:
    return store.load(tx, sorted({event.partitionkey for event in heard}))


SUBSCRIPTION = Subscription(reads=events.READS, load=load, fold=fold, save=store.save, tick=store.mark_caught_up)


class Firing:
    """Fires clocks as they come due, remembering where to look next; one for each worker process."""

    def __init__(self) -> None:
        self.sweep = Sweep()

    def turn(self, database: Database) -> bool:
        """Fires up to one batch of due clocks; true when more may be due right now."""
        claim = None
        with database.glance() as connection:
            outlook = store.look(connection, self.sweep.floor)
        metrics.CAUGHT_UP.set(float(outlook.caught_up))
        if outlook.caught_up and outlook.due:
            with database.transaction() as tx:
                claim = store.fire(tx, self.sweep.floor, BATCH)
                failpoints.hit("clocks.claimed")
            failpoints.hit("clocks.committed")
            metrics.observe(claim)
        self.sweep = self._next(outlook, claim)
        return claim is not None and claim.clocks == BATCH

    def _next(self, outlook: store.Outlook, claim: store.Claim | None) -> Sweep:
        if not outlook.caught_up:
            return Sweep()
        if claim is not None and claim.clocks == BATCH and claim.last is not None:
            return self.sweep.after_batch(claim.last)
        return self.sweep.after_rest(outlook.now)


def measure(database: Database) -> None:
    """Counts the clocks for the metrics: the armed, and those that should have fired."""
    with database.transaction() as tx:
        armed, (due, seconds) = store.armed(tx), store.overdue(tx)
    metrics.ARMED.set(armed)
    metrics.DUE.set(due)
    metrics.LATEST.set(seconds)


def status(tx: Connection) -> dict[str, object]:
    """What an operator sees of the clocks."""
    return store.status(tx)
