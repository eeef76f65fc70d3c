"""A whole notify on a database of its own, with a ledger for a gateway and a directory for intake's answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from chassis.database import Database
from chassis.delivery import inbox
from chassis.delivery.envelope import Message
from chassis.web.issuers import DevelopmentIssuer
from services.notify.commands import SUBSCRIPTION
from services.notify.commands.residents import send_to_residents
from services.notify.commands.sender import Sender
from services.notify.commands.staff import send_to_staff
from services.notify.commands.unknown import resolve_unknown
from services.notify.domain.gateway import Gateway
from services.notify.settings import Settings
from tests.support.events import published


@dataclass
class Directory:
    """What intake would answer; `silent` when it does not."""

    contacts: dict[str, dict[str, str]] = field(default_factory=dict)
    silent: bool = False
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def ask(self, template: str, numbers: Sequence[str]) -> Mapping[str, Mapping[str, str]] | None:
        """As `service._contacts`."""
        self.asked.append((template, tuple(numbers)))
        if self.silent:
            return None
        known = {number: {"mobile": "13800000001", "query_code": "7KQ4MRXY"} for number in numbers}
        return {number: self.contacts.get(number, contact) for number, contact in known.items() if self._has(number)}

    def _has(self, number: str) -> bool:
        return self.contacts.get(number, {"mobile": ""}) != {}


@dataclass
class Desk:
    """What a test holds in its hands."""

    settings: Settings
    database: Database
    gateway: Gateway
    client: FlaskClient
    issuer: DevelopmentIssuer
    intake: Directory

    def sender(self, gateway: Gateway | None = None) -> Sender:
        """What the loops that send are given; another gateway may stand in for this one."""
        own = gateway or self.gateway
        return Sender(database=self.database, settings=self.settings, gateway=own, ask=self.intake.ask)

    def hears(self, *messages: Message) -> None:
        """One batch of events."""
        inbox.receive(self.database, SUBSCRIPTION, messages)

    def tells(self) -> None:
        """Every loop that sends turns until nothing is left to do now."""
        while send_to_residents(self.sender()):
            pass
        while send_to_staff(self.sender()):
            pass

    def resolves(self) -> None:
        """Looks once for what became of SMS of unknown fate."""
        resolve_unknown(self.sender())

    def rows(self, table: str, *columns: str) -> list[Any]:
        """Rows of a table, or the values of one column."""
        with self.database.transaction() as tx:
            found = tx.execute(text(f"select {', '.join(columns) or '*'} from {table} order by 1")).all()
        return [row[0] for row in found] if len(columns) == 1 else [tuple(row) for row in found]

    def messages(self) -> dict[str, list[str]]:
        """The states of all messages by template."""
        found: dict[str, list[str]] = {}
        for template, state in self.rows("messages", "template", "state"):
            found.setdefault(template, []).append(state)
        return found

    def ledger(self) -> list[dict[str, Any]]:
        """What the file gateway took."""
        path: Path = self.settings.sms_ledger
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def events(self, type_: str) -> list[dict[str, Any]]:
        """What was published of one type: data, with subject, seq and partitionkey."""
        return [
            json.loads(row["body"])
            | {"subject": row["subject"], "seq": row["seq"], "partitionkey": row["partitionkey"]}
            for row in published(self.database)
            if row["type"] == type_
        ]

    def events_logged(self, type_: str) -> list[str]:
        """The subjects of what the relay has published of one type."""
        return [subject for (subject,) in self.asked(f"select subject from event_log where type = '{type_}'")]

    def asked(self, query: str) -> list[Any]:
        """The rows of a query."""
        with self.database.transaction() as tx:
            return [tuple(row) for row in tx.execute(text(query)).all()]

    def set(self, statement: str, **values: Any) -> None:
        """Moves the world: one statement."""
        with self.database.transaction() as tx:
            tx.execute(text(statement), values)

    def call(self, method: str, path: str, role: str = "leader", unit: str | None = None, **more: Any) -> TestResponse:
        """An HTTP request with a token."""
        headers = {"Authorization": f"Bearer {self.issuer.token('u1', role, unit=unit)}"} | more.pop("headers", {})
        return self.client.open(f"/api/notify/v1{path}", method=method, headers=headers, **more)
