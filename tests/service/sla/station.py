"""sla on a real database: events as the broker delivers them, a clock that can be moved, and the claim."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import inbox
from chassis.web.issuers import DevelopmentIssuer
from deploy.system.testbed import Servers
from services.sla import store
from services.sla.commands import SUBSCRIPTION, Firing
from services.sla.domain.case import Case
from tests.support.clock import move_clock
from tests.support.events import published
from tests.support.sla_life import Life, Told


@dataclass
class Station:
    database: Database
    client: FlaskClient
    issuer: DevelopmentIssuer
    servers: Servers
    firing: Firing = field(default_factory=Firing)

    def clear(self) -> None:
        """As on the first day."""
        self.firing = Firing()
        self.servers.renew(self.database.engine.url.render_as_string(hide_password=False))

    def hear(self, *told: Told, **options: Any) -> None:
        """One batch from the broker."""
        inbox.receive(self.database, SUBSCRIPTION, [each.message(**options) for each in told])

    def tell(self, *lives: Life) -> None:
        """All that happened to these cases, in batches as an inbox takes them."""
        told = [each for life in lives for each in life.in_order()]
        for start in range(0, len(told), 100):
            self.hear(*told[start : start + 100])

    def be_at(self, moment: datetime, caught_up: bool = True) -> None:
        """Moves the database's clock there; unless told otherwise, all events until then are known."""
        move_clock(self.database, moment - datetime.now(UTC))
        if caught_up:
            self.catch_up()

    def catch_up(self) -> None:
        """For a minute to come, since a slow machine may need it to get through a test."""
        with self.database.transaction() as tx:
            store.mark_caught_up(tx, tx.execute(text("select clock_now() + interval '1 minute'")).scalar_one())

    def fire(self) -> int:
        """Lets the clocks loop turn until nothing is due; returns how many turns found work."""
        turns = 0
        while self.firing.turn(self.database):
            turns += 1
        return turns

    def published(self) -> dict[str, list[dict[str, Any]]]:
        """What is in the outbox, by case: each event's columns, with `data`."""
        found = defaultdict(list)
        for row in published(self.database):
            found[row["subject"]].append({**row, "data": json.loads(row["body"])})
        return found

    def turns(self, number: str, kind: str) -> list[str]:
        """What was published of one clock, in order."""
        return [
            event["type"].removeprefix("clock.")
            for event in self.published()[number]
            if event["data"].get("kind") == kind
        ]

    def cases(self, numbers: Iterable[str]) -> dict[str, Case]:
        with self.database.transaction() as tx:
            return store.load(tx, sorted(numbers))

    def scalar(self, statement: str, **values: Any) -> Any:
        with self.database.transaction() as tx:
            return tx.execute(text(statement), values).scalar_one()

    def run(self, statement: str, **values: Any) -> None:
        with self.database.transaction() as tx:
            tx.execute(text(statement), values)

    def get(self, path: str, role: str = "centre", unit: str | None = None) -> Any:
        token = self.issuer.token(f"{role}-{unit or 'street'}", role, unit=unit)
        return self.client.get(f"/api/sla/v1{path}", headers={"Authorization": f"Bearer {token}"})
