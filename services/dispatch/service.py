"""The Nameko class of dispatch: what comes in, and the parts that run beside it."""

from typing import Any

from chassis.framework.extensions import DatabaseProvider, Inbox, Loop, Ops, Relay, SettingsProvider
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
    def receive(self, batch: Any) -> None:
        batch.apply(self.database)

    @Loop.decorator(role="relay", idle=15.0)
    def measure(self) -> None:
        measure(self.database)
