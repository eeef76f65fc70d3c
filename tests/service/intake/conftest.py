"""Intake on a database of its own: the front door through a WSGI client, the worker's commands called directly."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chassis import crypto
from chassis.database import Database
from chassis.settings import DEVELOPMENT_ISSUER, read
from chassis.web.issuers import DevelopmentIssuer
from deploy.system.testbed import Servers
from services.intake import front_door
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


class Streets:
    """Intakes by what they were told. A test gets one as fresh; after it the same one is there for the next."""

    def __init__(self, servers: Servers, folders: pytest.TempPathFactory) -> None:
        self.servers, self.folders = servers, folders
        self._free: dict[frozenset[tuple[str, str]], list[Street]] = defaultdict(list)

    def take(self, **variables: str) -> Street:
        free = self._free[frozenset(variables.items())]
        street = free.pop() if free else self._make(variables)
        app = street.client.application
        front_door.install(app, street.settings, street.database)  # numbers taken in advance are in it
        return replace(street, client=app.test_client())

    def give_back(self, street: Street, **variables: str) -> None:
        shutil.rmtree(street.settings.media_dir, ignore_errors=True)
        self.servers.renew(street.settings.database_url)
        self._free[frozenset(variables.items())].append(street)

    def close(self) -> None:
        for street in chain.from_iterable(self._free.values()):
            street.database.close()
            self.servers.give_back(street.settings.database_url)

    def _make(self, variables: Mapping[str, str]) -> Street:
        issuer, reader, master = DevelopmentIssuer.new(), crypto.new_reader_keys(), crypto.new_master_keys()
        folder = self.folders.mktemp("intake")
        (folder / "jwks.json").write_text(issuer.jwks)
        env = {
            "PROFILE": "dev",
            "DATABASE_URL": self.servers.database("intake"),
            "MASTER_KEYS": master,
            "INDEX_KEY": "k" * 32,
            "READER_KEYS": reader.public,
            "JWKS": str(folder / "jwks.json"),
            "TOKEN_ISSUER": DEVELOPMENT_ISSUER,
            "MEDIA_DIR": str(folder / "media"),
        }
        settings = read(Settings, env | {name.upper(): value for name, value in variables.items()})
        database = Database(settings.database_url, pool_size=settings.pool_size)
        client = create_app(settings, database).test_client()
        return Street(settings, database, client, issuer, reader.private, reader.public, master)


@pytest.fixture(scope="session")
def streets(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Streets]:
    made = Streets(servers, tmp_path_factory)
    yield made
    made.close()


@pytest.fixture
def street(streets: Streets) -> Iterator[Callable[..., Street]]:
    """`street(accept_automatically="true")`: an intake with these settings."""
    taken: list[tuple[Street, Mapping[str, str]]] = []

    def take(**variables: str) -> Street:
        taken.append((streets.take(**variables), variables))
        return taken[-1][0]

    yield take
    for street, variables in taken:
        streets.give_back(street, **variables)
