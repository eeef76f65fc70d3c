"""The Nameko class of notify: what it hears, what it asks, and the loops that tell people."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import eventlet
from joserfc.jwk import KeySet
from nameko.rpc import RpcProxy

from chassis import crypto, logs, metrics
from chassis.delivery import inbox
from chassis.delivery.envelope import Message
from chassis.framework.inbox import Inbox
from chassis.framework.loop import Loop
from chassis.framework.ops import Ops
from chassis.framework.providers import DatabaseProvider, SettingsProvider
from chassis.framework.relay import Relay
from chassis.settings import required
from services.notify.commands import SUBSCRIPTION, held, sending
from services.notify.commands.cases import propose_when_due
from services.notify.commands.letters import print_signed
from services.notify.commands.sending import Contacts
from services.notify.domain.gateway import Fate
from services.notify.gateways.chosen import gateway_of
from services.notify.metrics import SMS
from services.notify.settings import Settings, current

log = logs.get(__name__)

ANSWER_SECONDS = 2.0
GATEWAY_CALLS = 25
"""Calls to the gateway side by side: half a batch, so that a slow one costs two waits."""


class NoAnswer(Exception):
    """Intake did not answer in time. An Exception, since a bare Timeout would leak the Nameko worker for good."""


class GatewayProvider(SettingsProvider):
    """`gateway = GatewayProvider(current)`: the gateway of the settings, its calls spread over green threads."""

    def setup(self) -> None:
        settings: Settings = self.current()  # type: ignore[assignment]
        required(settings, "reader_key")
        metrics.begin(SMS, [settings.gateway], tuple(Fate))
        self.gateway = gateway_of(settings, spread=eventlet.GreenPool(GATEWAY_CALLS).imap)

    def get_dependency(self, worker_ctx: Any) -> Any:
        return self.gateway


class Notify:
    """Tells people: residents and units by SMS, units by warning letter."""

    name = "notify"
    settings = SettingsProvider(current)
    database = DatabaseProvider(current)
    gateway = GatewayProvider(current)
    relay = Relay(current)
    ops = Ops(current)
    intake = RpcProxy("intake")

    @Inbox.decorator(current, SUBSCRIPTION)
    def receive(self, messages: Sequence[Message], as_of: datetime | None) -> None:
        inbox.receive(self.database, SUBSCRIPTION, messages, as_of)

    @Loop.decorator(role="send", idle=0.05)
    def send_to_residents(self) -> bool:
        return sending.send_to_residents(self.database, self.settings, self.gateway, self._asking())

    @Loop.decorator(role="send", idle=0.1)
    def send_to_staff(self) -> bool:
        return sending.send_to_staff(self.database, self.settings, self.gateway)

    @Loop.decorator(role="send", idle=0.5)
    def resolve_unknown(self) -> bool:
        return sending.resolve_unknown(self.database, self.settings, self.gateway, self._asking())

    @Loop.decorator(role="letters", idle=1.0)
    def propose_letters(self) -> bool:
        return propose_when_due(self.database)

    @Loop.decorator(role="letters", idle=0.2)
    def print_letters(self) -> bool:
        return print_signed(self.database, self.settings)

    @Loop.decorator(role="send", idle=5.0)
    def measure(self) -> None:
        held.measure(self.database)

    def _asking(self) -> Callable[[str, Sequence[str]], Contacts | None]:
        return lambda template, numbers: _contacts(self.intake, self.settings, template, numbers)


def _contacts(intake: Any, settings: Settings, template: str, numbers: Sequence[str]) -> Contacts | None:
    """How to reach the writers of these cases; None if intake does not answer, or not to us."""
    try:
        with eventlet.Timeout(ANSWER_SECONDS, NoAnswer):
            answer = intake.contacts(list(numbers), template)
        opened: Mapping[str, Mapping[str, str]] = crypto.jwe_open(answer["sealed"], cast(KeySet, settings.reader_key))
    except Exception as error:
        # The text of a remote error is the other side's; only its kind is ours to log.
        log.warning("no contacts", template=template, cases=len(numbers), error=type(error).__name__)
        return None
    return opened
