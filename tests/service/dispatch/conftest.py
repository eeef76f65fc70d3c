"""Dispatch on a real database, with tokens of an issuer of the tests' own."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from structlog.testing import capture_logs

from chassis import crypto
from chassis.database import Database
from chassis.settings import DEVELOPMENT_ISSUER
from chassis.web.issuers import DevelopmentIssuer
from deploy.system.testbed import Servers, migrate
from services.dispatch import api, commands
from services.dispatch.commands import files
from services.dispatch.settings import Settings
from tests.service.dispatch.gate import Gate
from tests.service.dispatch.office import Office

DATA = Path(files.__file__).parents[1] / "data"


@dataclass(frozen=True)
class Door:
    """A front door and the database behind it, for one test after the other."""

    settings: Settings
    database: Database
    app: Flask


@pytest.fixture(scope="session")
def issuer() -> DevelopmentIssuer:
    return DevelopmentIssuer.new()


@pytest.fixture(scope="session")
def jwks(issuer: DevelopmentIssuer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("issuer") / "jwks.json"
    path.write_text(issuer.jwks)
    return path


def settings_of(url: str, jwks: Path) -> Settings:
    return Settings(profile="dev", database_url=url, jwks=str(jwks), token_issuer=DEVELOPMENT_ISSUER)


def load(url: str) -> None:
    """The demo organisation and duty list."""
    migrate(url, "dispatch")
    with closing(Database(url, pool_size=1)) as database, database.transaction() as tx:
        commands.load_organisation(tx, files.organisation(DATA / "organisation.demo.json"))
        commands.load_duties(tx, files.duties(DATA / "duties.demo.json"))


@contextmanager
def opened(servers: Servers, settings: Settings) -> Iterator[Door]:
    with closing(Database(settings.database_url, pool_size=4)) as database:
        yield Door(settings, database, api.create_app(settings, database))
    servers.give_back(settings.database_url)


@pytest.fixture(scope="session")
def new_door(servers: Servers, jwks: Path) -> Iterator[Door]:
    with opened(servers, settings_of(servers.database("dispatch"), jwks)) as door:
        yield door


@pytest.fixture(scope="session")
def office_door(servers: Servers, jwks: Path) -> Iterator[Door]:
    with opened(servers, settings_of(servers.pool("office", "dispatch", load).borrow(), jwks)) as door:
        yield door


@pytest.fixture(scope="session")
def gate_door(servers: Servers, issuer: DevelopmentIssuer, jwks: Path) -> Iterator[Door]:
    url = servers.pool("office", "dispatch", load).borrow()
    settings = replace(
        settings_of(url, jwks),
        token_key=crypto.read_jwks(issuer.private),
        account_keys=crypto.read_master_keys(crypto.new_master_keys()),
        clock_offset=True,
    )
    with opened(servers, settings) as door:
        yield door


def office_behind(door: Door, issuer: DevelopmentIssuer, servers: Servers) -> Iterator[Office]:
    # Captured, because structlog's own way to show an exception takes seconds, and the transaction waits for it.
    with capture_logs() as said:
        yield Office(door.database, door.app.test_client(), issuer, said)
    servers.renew(door.settings.database_url)


@pytest.fixture
def empty(new_door: Door, issuer: DevelopmentIssuer, servers: Servers) -> Iterator[Office]:
    """An office that has not been told its units yet."""
    yield from office_behind(new_door, issuer, servers)


@pytest.fixture
def office(office_door: Door, issuer: DevelopmentIssuer, servers: Servers) -> Iterator[Office]:
    """An office with the demo organisation and duty list."""
    yield from office_behind(office_door, issuer, servers)


@pytest.fixture
def gate_settings(gate_door: Door, servers: Servers) -> Iterator[Settings]:
    """What a front door that lets officers log in is told."""
    yield gate_door.settings
    servers.renew(gate_door.settings.database_url)


@pytest.fixture
def gate(gate_door: Door, gate_settings: Settings) -> Gate:
    """The login of an office with the demo organisation."""
    return Gate(gate_door.database, gate_door.app)
