"""Notify on a real database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chassis.database import Database
from chassis.settings import DEVELOPMENT_ISSUER
from chassis.web.issuers import DevelopmentIssuer
from services.notify import api
from services.notify.gateways.file import FileLedger
from services.notify.settings import Settings
from tests.service.notify.desk import Desk, Directory


@pytest.fixture
def desk(database: Callable[[str], str], tmp_path: Path) -> Iterator[Desk]:
    """A notify that has heard nothing yet."""
    issuer = DevelopmentIssuer.new()
    (tmp_path / "jwks.json").write_text(issuer.jwks)
    settings = Settings(
        profile="dev",
        database_url=database("notify"),
        jwks=str(tmp_path / "jwks.json"),
        token_issuer=DEVELOPMENT_ISSUER,
        gateway="file",
        sms_ledger=tmp_path / "sms.jsonl",
        letters_dir=tmp_path / "letters",
    )
    opened = Database(settings.database_url, pool_size=4)
    client = api.create_app(settings, opened).test_client()
    yield Desk(settings, opened, FileLedger(settings.sms_ledger), client, issuer, Directory())
    opened.close()
