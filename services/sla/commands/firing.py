"""Firing the clocks whose time has come."""

from chassis import failpoints
from chassis.database import Database
from services.sla import metrics, store
from services.sla.domain.sweep import BATCH, Sweep


class Firing:
    """Fires clocks as they come due and remembers where to look next; one for each worker process."""

    def __init__(self) -> None:
        self.sweep = Sweep()

    def turn(self, database: Database) -> bool:
        """Fires up to one batch of due clocks; true if more may be due right now."""
        fired = None
        with database.glance() as connection:
            outlook = store.look(connection, self.sweep.floor)
        metrics.CAUGHT_UP.set(float(outlook.caught_up))
        if outlook.caught_up and outlook.due:
            with database.transaction() as tx:
                fired = store.fire(tx, self.sweep.floor, BATCH)
                failpoints.hit("clocks.claimed")
            failpoints.hit("clocks.committed")
            metrics.observe(fired)
        self.sweep = self._next(outlook, fired)
        return fired is not None and fired.clocks == BATCH

    def _next(self, outlook: store.Outlook, fired: store.FiredBatch | None) -> Sweep:
        if not outlook.caught_up:
            return Sweep()
        if fired is not None and fired.clocks == BATCH and fired.last is not None:
            return self.sweep.after_batch(fired.last)
        return self.sweep.after_rest(outlook.now)
