"""Notify on a real database."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from flask import Flask

from chassis.database import Database
from chassis.settings import DEVELOPMENT_ISSUER
from chassis.web.issuers import DevelopmentIssuer
from deploy.system.testbed import Servers
from services.notify import api
from services.notify.gateways.file import FileLedger
from services.notify.settings import Settings
from tests.service.notify.desk import Desk, Directory


@dataclass(frozen=True)
class Door:
    """A front door and the database behind it, for one test after the other."""

    settings: Settings
    database: Database
    app: Flask
    issuer: DevelopmentIssuer


@pytest.fixture(scope="session")
def notify_door(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    issuer, folder = DevelopmentIssuer.new(), tmp_path_factory.mktemp("notify")
    (folder / "jwks.json").write_text(issuer.jwks)
    settings = Settings(
        profile="dev",
        database_url=servers.database("notify"),
        jwks=str(folder / "jwks.json"),
        token_issuer=DEVELOPMENT_ISSUER,
        gateway="file",
        sms_ledger=folder / "out" / "sms.jsonl",
        letters_dir=folder / "out" / "letters",
    )
    with closing(Database(settings.database_url, pool_size=4)) as database:
        yield Door(settings, database, api.create_app(settings, database), issuer)
    servers.give_back(settings.database_url)


@pytest.fixture
def desk(notify_door: Door, servers: Servers) -> Iterator[Desk]:
    """A notify that has heard nothing yet."""
    settings = notify_door.settings
    settings.sms_ledger.parent.mkdir()
    client = notify_door.app.test_client()
    yield Desk(settings, notify_door.database, FileLedger(settings.sms_ledger), client, notify_door.issuer, Directory())
    shutil.rmtree(settings.sms_ledger.parent)
    servers.renew(settings.database_url)
