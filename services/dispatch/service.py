"""The Nameko class of dispatch: what comes in, and the parts that run beside it."""

from collections.abc import Sequence
from datetime import datetime

from chassis.delivery import inbox
from chassis.delivery.envelope import Message
from chassis.framework.inbox import Inbox
from chassis.framework.loop import Loop
from chassis.framework.ops import Ops
from chassis.framework.providers import DatabaseProvider, SettingsProvider
from chassis.framework.relay import Relay
from services.dispatch.commands import SUBSCRIPTION
from services.dispatch.operating.measuring import measure
from services.dispatch.settings import current


class Dispatch:
    """Studies each accepted case, sends it to its unit, and publishes what the units do with it."""

    name = "dispatch"
    settings = SettingsProvider(current)
    database = DatabaseProvider(current)
    relay = Relay(current)
    ops = Ops(current)

    @Inbox.decorator(current, SUBSCRIPTION)
    def receive(self, messages: Sequence[Message], as_of: datetime | None) -> None:
        inbox.receive(self.database, SUBSCRIPTION, messages, as_of)

    @Loop.decorator(role="relay", idle=15.0)
    def measure(self) -> None:
        measure(self.database)
