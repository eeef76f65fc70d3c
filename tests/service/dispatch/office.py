"""Intake's events for one case, and dispatch as its callers see it."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient

from chassis.database import Database
from chassis.delivery import inbox
from chassis.delivery.envelope import Draft, Message
from chassis.web.issuers import DevelopmentIssuer
from services.dispatch import commands
from tests.support.events import message

SUBMITTED_AT = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
METRO = "灵芝地铁站A出口电动车乱停乱放，无人管理，不仅行人无法通行，商家也不能正常营业。"
STALLS = "餐馆油烟扰民，占道经营也没人管。"  # two units could lead: waits for the centre


@dataclass(frozen=True)
class Intake:
    """The events intake would publish for one case."""

    number: str
    text: str = METRO
    community: str | None = "C01"
    emergency: bool = False
    imported: dict[str, Any] | None = None
    kind: str = "complaint"

    def _draft(self, type_: str, seq: int, **says: Any) -> Draft:
        at = SUBMITTED_AT.isoformat()
        view = {
            "at": at, "number": self.number, "channel": "mailbox", "kind": self.kind, "identity": "named",
            "community": self.community, "emergency": self.emergency, "submitted_at": at,
            "state": type_.removeprefix("case."), "accepted_at": None, "refused_at": None,
        }  # fmt: skip
        return Draft(type_, self.number, seq, {**view, **says})

    @property
    def submitted(self) -> Draft:
        return self._draft(
            "case.submitted", 1, text=self.text, place="灵芝地铁站", emergency_words=[], imported=self.imported
        )

    @property
    def accepted(self) -> Draft:
        at = SUBMITTED_AT.isoformat()
        return self._draft("case.accepted", 2, accepted_at=at, accepted_by="rule", imported=self.imported)

    @property
    def refused(self) -> Draft:
        return self._draft("case.refused", 2, reason="not_in_scope", refused_at=SUBMITTED_AT.isoformat())

    @property
    def withdrawal_asked(self) -> Draft:
        return self._draft("case.withdrawal_asked", 3)

    def supplemented(self, text: str, media: int = 0, seq: int = 3, minutes: int = 10) -> Draft:
        at = (SUBMITTED_AT + timedelta(minutes=minutes)).isoformat()
        return self._draft("case.supplemented", seq, at=at, text=text, media=media, emergency_words=[])

    def rated(self, grade: str, round_: int = 1, seq: int = 4) -> Draft:
        return self._draft("case.rated", seq, grade=grade, comment="还是老样子", round=round_)

    def messages(self) -> list[Message]:
        return [message(draft, "intake") for draft in (self.submitted, self.accepted)]


@dataclass
class Office:
    """Dispatch's database and its front door, and what it logs."""

    database: Database
    client: FlaskClient
    issuer: DevelopmentIssuer
    said: list[MutableMapping[str, Any]]

    def receive(self, *messages: Message) -> None:
        inbox.receive(self.database, commands.SUBSCRIPTION, messages)

    def take_in(self, *letters: Intake) -> None:
        self.receive(*(each for letter in letters for each in letter.messages()))

    def headers(self, role: str, unit: str | None, **headers: str) -> dict[str, str]:
        token = self.issuer.token(f"{role}-{unit or 'street'}", role, unit=unit)
        return {"Authorization": f"Bearer {token}", **headers}

    def get(self, path: str, role: str = "centre", unit: str | None = None) -> Any:
        return self.client.get(f"/api/dispatch/v1{path}", headers=self.headers(role, unit))

    def post(self, path: str, body: Any, role: str = "centre", unit: str | None = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/api/dispatch/v1{path}", json=body, headers=self.headers(role, unit, **named))
