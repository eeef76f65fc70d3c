"""Intake's worker: reads what dispatch and sla tell, publishes, and answers how a resident is reached."""

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
from services.intake.commands import cases as commands
from services.intake.commands.cases import SUBSCRIPTION
from services.intake.domain.media import Kind
from services.intake.media import commands as media_commands
from services.intake.media import workshop
from services.intake.media.workshop import Workshop
from services.intake.operating import measuring
from services.intake.settings import Settings, current


class WorkshopProvider(SettingsProvider):
    """`workshops = WorkshopProvider(current)`: one workshop for each kind of file; a video delays no photo."""

    def setup(self) -> None:
        settings: Settings = self.current()  # type: ignore[assignment]
        database = database_of(settings, self.container.service_name)
        self.workshops = {kind: Workshop(database, settings, kind) for kind in Kind}

    def get_dependency(self, worker_ctx: Any) -> Any:
        return self.workshops

    def stop(self) -> None:
        for each in self.workshops.values():
            each.stop()


class Intake:
    """Takes letters in and keeps who wrote them."""

    name = "intake"
    settings = SettingsProvider(current)
    database = DatabaseProvider(current)
    workshops = WorkshopProvider(current)
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
        house = commands.intake(self.settings, self.database)
        with self.database.transaction() as tx:
            sealed = commands.contacts(tx, house, case_ids, purpose)
        metrics.IDENTITIES_READ.labels(purpose).inc(len(case_ids))
        return sealed

    @Loop.decorator(role="media", idle=0.3)
    def develop_photos(self) -> bool:
        return bool(self.workshops[Kind.PHOTO].turn())

    @Loop.decorator(role="media", idle=0.3)
    def develop_videos(self) -> bool:
        return bool(self.workshops[Kind.VIDEO].turn())

    @Loop.decorator(role="media", idle=30.0)
    def forget_media(self) -> bool:
        return media_commands.forget(self.database, media_commands.cabinet(self.settings))

    @Loop.decorator(role="media", idle=5.0)
    def measure_media(self) -> None:
        workshop.measure(self.database)

    @Loop.decorator(role="relay", idle=15.0)
    def measure(self) -> None:
        measuring.measure(self.database)

    @Loop.decorator(role="clean-up", idle=60.0)
    def clean_up(self) -> bool:
        with self.database.transaction() as tx:
            return commands.clean_up(tx, self.settings.access_kept)
