"""Intake on a database of its own: the front door through a WSGI client, the worker's commands called directly."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis import crypto
from chassis.database import Database
from chassis.settings import DEVELOPMENT_ISSUER, read
from chassis.web.issuers import DevelopmentIssuer
from services.intake.api import create_app
from services.intake.commands.context import Context, new_context
from services.intake.settings import Settings
from tests.support.events import published

LETTER: Mapping[str, Any] = {
    "kind": "complaint",
    "name": "欧阳小禾",
    "mobile": "13800000001",
    "description": "灵芝地铁站A出口电动车乱停乱放，行人没法走，商家也没法做生意。",
    "place": "灵芝地铁站A出口",
    "community": "C07",
    "identity": "named",
}


@dataclass
class Street:
    """One running intake: its settings, database, door and the private half of the reader key."""

    settings: Settings
    database: Database
    client: FlaskClient
    issuer: DevelopmentIssuer
    reader: str
    reader_public: str
    master: str

    @property
    def context(self) -> Context:
        return new_context(self.settings, self.database)

    def post(self, letter: Mapping[str, Any] = LETTER, **headers: str) -> TestResponse:
        return self.client.post("/api/intake/v1/cases", json=letter, headers=_named(headers))

    def get(self, number: str, code: str, address: str = "203.0.113.1") -> TestResponse:
        return self.client.get(
            f"/api/intake/v1/cases/{number}", headers={"Query-Code": code, "X-Forwarded-For": address}
        )

    def desk(self, path: str = "", body: Mapping[str, Any] | None = None, **headers: str) -> TestResponse:
        """GET without a body, POST with one, as an officer of the centre."""
        given = {
            "Authorization": f"Bearer {self.issuer.token('officer-1', 'centre', unit='CENTRE')}",
            **_named(headers),
        }
        address = f"/api/intake/v1/desk/cases{path}"
        if body is None:
            return self.client.get(address, headers=given)
        return self.client.post(address, json=body, headers=given)

    def events(self) -> list[Mapping[str, Any]]:
        return published(self.database)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def street(database: Callable[[str], str], tmp_path: Path) -> Iterator[Callable[..., Street]]:
    """`street(accept_automatically="true")`: an intake with these settings."""
    opened: list[Database] = []

    def make(**variables: str) -> Street:
        issuer, reader, master = DevelopmentIssuer.new(), crypto.new_reader_keys(), crypto.new_master_keys()
        (tmp_path / "jwks.json").write_text(issuer.jwks)
        env = {
            "PROFILE": "dev",
            "DATABASE_URL": database("intake"),
            "MASTER_KEYS": master,
            "INDEX_KEY": "k" * 32,
            "READER_KEYS": reader.public,
            "JWKS": str(tmp_path / "jwks.json"),
            "TOKEN_ISSUER": DEVELOPMENT_ISSUER,
            "MEDIA_DIR": str(tmp_path / "media"),
        }
        settings = read(Settings, env | {name.upper(): value for name, value in variables.items()})
        opened.append(Database(settings.database_url, pool_size=settings.pool_size))
        app = create_app(settings, opened[-1])
        return Street(settings, opened[-1], app.test_client(), issuer, reader.private, reader.public, master)

    yield make
    for each in opened:
        each.close()
