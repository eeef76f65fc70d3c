"""Intake's worker: reads what dispatch and sla tell, publishes, and answers how a resident is reached."""

from typing import Any

from chassis.errors import DomainError
from chassis.extensions import DatabaseProvider, Inbox, Loop, Ops, Relay, Rpc, SettingsProvider
from services.intake import commands, metrics
from services.intake.commands import READING
from services.intake.settings import current


class Intake:
    """Takes letters in and keeps who wrote them."""

    name = "intake"
    settings = SettingsProvider(current)
    database = DatabaseProvider(current)
    relay = Relay(current)
    ops = Ops(current)

    @Inbox.decorator(current, READING)
    def receive(self, batch: Any) -> None:
        batch.apply(self.database)

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

    @Loop.decorator(role="clean-up", idle=60.0)
    def clean_up(self) -> bool:
        with self.database.transaction() as tx:
            return commands.clean_up(tx, self.settings.access_kept)
