"""Intake's worker: reads the events of dispatch and sla, publishes its own, and answers how to reach residents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.delivery import inbox
from chassis.delivery.envelope import Message
from chassis.errors import DomainError
from chassis.framework.inbox import Inbox
from chassis.framework.loop import Loop
from chassis.framework.ops import Ops
from chassis.framework.providers import DatabaseProvider, SettingsProvider, database_of
from chassis.framework.relay import Relay
from chassis.framework.rpc import Rpc
from services.intake import metrics
from services.intake.commands import SUBSCRIPTION, identities
from services.intake.commands.context import new_context
from services.intake.commands.retention import clean_up
from services.intake.domain.media import Kind
from services.intake.media import processing
from services.intake.media.commands.retention import forget
from services.intake.media.context import new_media_context
from services.intake.media.processing import Processor
from services.intake.operating import measuring
from services.intake.settings import Settings, current


class ProcessorProvider(SettingsProvider):
    """`processors = ProcessorProvider(current)`: one for each kind of file, so that no video delays a photo."""

    def setup(self) -> None:
        settings: Settings = self.current()  # type: ignore[assignment]
        database = database_of(settings, self.container.service_name)
        self.processors = {kind: Processor(database, settings, kind) for kind in Kind}

    def get_dependency(self, worker_ctx: Any) -> Any:
        return self.processors

    def stop(self) -> None:
        for each in self.processors.values():
            each.stop()


class Intake:
    """Takes letters in and protects who wrote them."""

    name = "intake"
    settings = SettingsProvider(current)
    database = DatabaseProvider(current)
    processors = ProcessorProvider(current)
    relay = Relay(current)
    ops = Ops(current)

    @Inbox.decorator(current, SUBSCRIPTION)
    def receive(self, messages: Sequence[Message], as_of: datetime | None) -> None:
        inbox.receive(self.database, SUBSCRIPTION, messages, as_of)

    @Rpc.decorator(expected_exceptions=DomainError)
    def contacts(self, case_ids: list[str], purpose: str) -> dict[str, str]:
        """How to reach the residents of up to 500 cases: {"sealed": JWE of {number: {mobile, query_code?}}}.

        A case without a telephone is absent. Purposes: received (with the query code), promised, closed.
        """
        context = new_context(self.settings, self.database)
        with self.database.transaction() as tx:
            sealed = identities.contacts(tx, context, case_ids, purpose)
        metrics.IDENTITIES_READ.labels(purpose).inc(len(case_ids))
        return sealed

    @Loop.decorator(role="media", idle=0.3)
    def develop_photos(self) -> bool:
        return bool(self.processors[Kind.PHOTO].turn())

    @Loop.decorator(role="media", idle=0.3)
    def develop_videos(self) -> bool:
        return bool(self.processors[Kind.VIDEO].turn())

    @Loop.decorator(role="media", idle=30.0)
    def forget_media(self) -> bool:
        return forget(self.database, new_media_context(self.settings))

    @Loop.decorator(role="media", idle=5.0)
    def measure_media(self) -> None:
        processing.measure(self.database)

    @Loop.decorator(role="relay", idle=15.0)
    def measure(self) -> None:
        measuring.measure(self.database)

    @Loop.decorator(role="clean-up", idle=60.0)
    def clean_up(self) -> bool:
        with self.database.transaction() as tx:
            return clean_up(tx, self.settings.access_kept)
