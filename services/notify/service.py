"""The Nameko class of notify: the events it reads, what it asks intake, and the loops that send and print."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
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
from services.notify.commands import SUBSCRIPTION, gauges
from services.notify.commands.printing import print_signed
from services.notify.commands.proposing import propose_when_due
from services.notify.commands.residents import send_to_residents
from services.notify.commands.sender import Contacts, Sender
from services.notify.commands.staff import send_to_staff
from services.notify.commands.unknown import resolve_unknown
from services.notify.domain.gateway import Fate
from services.notify.gateways.configured import gateway_of
from services.notify.metrics import SMS
from services.notify.settings import Settings, current

log = logs.get(__name__)

ANSWER_SECONDS = 2.0
GATEWAY_CALLS = 25
"""Concurrent calls to the gateway: half a batch, so a slow gateway costs two waits."""


class NoAnswer(Exception):
    """Intake did not answer in time. An Exception, because a bare Timeout would leak the Nameko worker."""


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
    """Sends SMS to residents and staff, and issues warning letters to units."""

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
        return send_to_residents(self._sender())

    @Loop.decorator(role="send", idle=0.1)
    def send_to_staff(self) -> bool:
        return send_to_staff(self._sender())

    @Loop.decorator(role="send", idle=0.5)
    def resolve_unknown(self) -> bool:
        return resolve_unknown(self._sender())

    @Loop.decorator(role="letters", idle=1.0)
    def propose_letters(self) -> bool:
        return propose_when_due(self.database)

    @Loop.decorator(role="letters", idle=0.2)
    def print_letters(self) -> bool:
        return print_signed(self.database, self.settings)

    @Loop.decorator(role="send", idle=5.0)
    def measure(self) -> None:
        gauges.measure(self.database)

    def _sender(self) -> Sender:
        ask = partial(_contacts, self.intake, self.settings)
        return Sender(database=self.database, settings=self.settings, gateway=self.gateway, ask=ask)


def _contacts(intake: Any, settings: Settings, template: str, numbers: Sequence[str]) -> Contacts | None:
    """How to reach the residents of these cases, by case number; None if intake gives no answer we can open."""
    try:
        with eventlet.Timeout(ANSWER_SECONDS, NoAnswer):
            answer = intake.contacts(list(numbers), template)
        opened: Mapping[str, Mapping[str, str]] = crypto.jwe_open(answer["sealed"], cast(KeySet, settings.reader_key))
    except Exception as error:
        # The text of a remote error may hold anything; only its type is safe to log.
        log.warning("no contacts", template=template, cases=len(numbers), error=type(error).__name__)
        return None
    return opened
