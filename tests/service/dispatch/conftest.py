"""Dispatch on a real database, with tokens of an issuer of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chassis import crypto
from chassis.database import Database
from chassis.settings import DEVELOPMENT_ISSUER
from chassis.web.issuers import DevelopmentIssuer
from services.dispatch import api, commands
from services.dispatch.commands import files
from services.dispatch.settings import Settings
from tests.service.dispatch.gate import Gate
from tests.service.dispatch.office import Office

DATA = Path(files.__file__).parents[1] / "data"


@pytest.fixture
def empty(database: Callable[[str], str], tmp_path: Path) -> Iterator[Office]:
    """An office that has not been told its units yet."""
    issuer = DevelopmentIssuer.new()
    (tmp_path / "jwks.json").write_text(issuer.jwks)
    settings = Settings(
        profile="dev",
        database_url=database("dispatch"),
        jwks=str(tmp_path / "jwks.json"),
        token_issuer=DEVELOPMENT_ISSUER,
    )
    opened = Database(settings.database_url, pool_size=4)
    # Captured, because structlog's own way to show an exception takes seconds, and the transaction waits for it.
    with capture_logs() as said:
        yield Office(opened, api.create_app(settings, opened).test_client(), issuer, said)
    opened.close()


@pytest.fixture
def office(empty: Office) -> Office:
    """An office with the demo organisation and duty list."""
    with empty.database.transaction() as tx:
        commands.load_organisation(tx, files.organisation(DATA / "organisation.demo.json"))
        commands.load_duties(tx, files.duties(DATA / "duties.demo.json"))
    return empty


@pytest.fixture
def gate_settings(database: Callable[[str], str], tmp_path: Path) -> Settings:
    """What a front door that lets officers log in is told."""
    issuer = DevelopmentIssuer.new()
    (tmp_path / "jwks.json").write_text(issuer.jwks)
    return Settings(
        profile="dev",
        database_url=database("dispatch"),
        jwks=str(tmp_path / "jwks.json"),
        token_issuer=DEVELOPMENT_ISSUER,
        token_key=crypto.read_jwks(issuer.private),
        account_keys=crypto.read_master_keys(crypto.new_master_keys()),
        clock_offset=True,
    )


@pytest.fixture
def gate(gate_settings: Settings) -> Iterator[Gate]:
    """The login of an office with the demo organisation."""
    opened = Database(gate_settings.database_url, pool_size=4)
    with opened.transaction() as tx:
        commands.load_organisation(tx, files.organisation(DATA / "organisation.demo.json"))
    yield Gate(opened, api.create_app(gate_settings, opened))
    opened.close()
