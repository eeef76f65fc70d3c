"""The Nameko class of sla: what comes in, and the parts that run beside it."""

from typing import Any

from chassis.framework.extensions import DatabaseProvider, Inbox, Loop, Ops, Relay, SettingsProvider
from services.sla.commands.cases import SUBSCRIPTION, Firing, measure
from services.sla.settings import current

firing = Firing()


class Sla:
    """Runs the clocks of every case, tells yellow and red as they come, and keeps the mark."""

    name = "sla"
    settings = SettingsProvider(current)
    database = DatabaseProvider(current)
    relay = Relay(current)
    ops = Ops(current)

    @Inbox.decorator(current, SUBSCRIPTION)
    def receive(self, batch: Any) -> None:
        batch.apply(self.database)

    # A clock is at most one idle time late, and the goal is 50 ms.
    @Loop.decorator(role="clocks", idle=0.025)
    def fire(self) -> bool:
        return firing.turn(self.database)

    @Loop.decorator(role="clocks", idle=15.0)
    def measure(self) -> bool:
        measure(self.database)
        return False
