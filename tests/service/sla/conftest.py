"""A station: sla on a database of its own, its front door, and tokens of an issuer of the test's own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chassis.database import Database
from chassis.settings import DEVELOPMENT_ISSUER
from chassis.web.issuers import DevelopmentIssuer
from deploy.system.testbed import Servers
from services.sla import api
from services.sla.settings import Settings
from tests.service.sla.station import Station


@pytest.fixture(scope="session")
def opened_station(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    issuer, folder = DevelopmentIssuer.new(), tmp_path_factory.mktemp("issuer")
    Path(folder / "jwks.json").write_text(issuer.jwks)
    settings = Settings(
        profile="dev",
        database_url=servers.database("sla"),
        jwks=str(folder / "jwks.json"),
        token_issuer=DEVELOPMENT_ISSUER,
    )
    with closing(Database(settings.database_url, pool_size=8)) as opened:
        yield Station(opened, api.create_app(settings, opened).test_client(), issuer, servers)
    servers.give_back(settings.database_url)


@pytest.fixture
def station(opened_station: Station) -> Iterator[Station]:
    """With nothing in it."""
    yield opened_station
    opened_station.clear()
