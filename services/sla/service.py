"""The Nameko class of sla: what comes in, and the parts that run beside it."""

from collections.abc import Sequence
from datetime import datetime

from chassis.delivery import inbox
from chassis.delivery.envelope import Message
from chassis.framework.inbox import Inbox
from chassis.framework.loop import Loop
from chassis.framework.ops import Ops
from chassis.framework.providers import DatabaseProvider, SettingsProvider
from chassis.framework.relay import Relay
from services.sla.commands import SUBSCRIPTION, Firing
from services.sla.operating.measuring import measure
from services.sla.settings import current

firing = Firing()


class Sla:
    """Runs the clocks of every case, publishes yellow and red as they come, and sets the mark."""

    name = "sla"
    settings = SettingsProvider(current)
    database = DatabaseProvider(current)
    relay = Relay(current)
    ops = Ops(current)

    @Inbox.decorator(current, SUBSCRIPTION)
    def receive(self, messages: Sequence[Message], as_of: datetime | None) -> None:
        inbox.receive(self.database, SUBSCRIPTION, messages, as_of)

    # A clock is at most one idle time late, and the goal is 50 ms.
    @Loop.decorator(role="clocks", idle=0.025)
    def fire(self) -> bool:
        return firing.turn(self.database)

    @Loop.decorator(role="clocks", idle=15.0)
    def measure(self) -> bool:
        measure(self.database)
        return False
