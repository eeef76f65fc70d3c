"""One service's database set back: whole or not at all, alone, and never so that its producer would not notice."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import relay
from deploy.backup.backup import backup
from deploy.backup.folder import Backups
from deploy.backup.lost import Lost
from deploy.backup.restore import restore
from deploy.machine.trouble import Trouble
from deploy.system.testbed import Servers
from services import SERVICES

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


def quietly(_: str) -> None:
    """Says nothing."""


@pytest.fixture(scope="module")
def urls(servers: Servers) -> Iterator[dict[str, str]]:
    made = {service: servers.database(service) for service in SERVICES}
    yield made
    for url in made.values():
        servers.drop_database(url)


@pytest.fixture(scope="module")
def saved(urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    unit(urls, "C01", 1)
    return backup(urls, Backups(tmp_path_factory.mktemp("backups")), None, 60.0, quietly)


def unit(urls: dict[str, str], code: str, version: int) -> None:
    """Dispatch has published so many events about a unit."""
    values = "values (:code, :code, 'community', true, '{}', '{}', :version)"
    run(
        urls,
        "dispatch",
        f"insert into units {values} on conflict (code) do update set version = :version",
        code=code,
        version=version,
    )


def run(urls: dict[str, str], service: str, statement: str, **values: object) -> None:
    database = Database(urls[service], pool_size=1)
    try:
        with database.transaction() as tx:
            tx.execute(text(statement), values)
    finally:
        database.close()


def ask(urls: dict[str, str], service: str, question: str) -> list[object]:
    database = Database(urls[service], pool_size=1)
    try:
        with database.transaction() as tx:
            return list(tx.execute(text(question)).scalars())
    finally:
        database.close()


def test_what_came_after_the_backup_is_gone_and_what_readers_had_of_it_is_named(
    urls: dict[str, str], saved: Path
) -> None:
    unit(urls, "C01", 3)
    unit(urls, "C02", 1)
    run(urls, "dispatch", "create table made_later (); insert into attempt values ('x', 1)")
    for subject, seq in (("C01", 3), ("C02", 1)):
        run(urls, "notify", "insert into seen values ('//lianxin/xinan/dispatch', :s, 1, :n)", s=subject, n=seq)
    assert restore(urls, "dispatch", saved, 60.0, quietly) == [Lost("C01", 1, 3, "notify"), Lost("C02", 0, 1, "notify")]
    assert ask(urls, "dispatch", "select code from units") == ["C01"]
    assert ask(urls, "dispatch", "select 1 from pg_tables where tablename = 'made_later'") == []
    database = Database(urls["dispatch"], pool_size=1)
    with database.transaction() as tx, pytest.raises(relay.RestoredDatabase):
        relay.check_producer(tx)
    with database.transaction() as tx:
        assert relay.restored(tx) == 2
        relay.check_producer(tx)
    database.close()


def test_the_epoch_rises_above_every_one_that_was_ever_used(urls: dict[str, str], saved: Path) -> None:
    run(urls, "intake", "insert into seen values ('//lianxin/xinan/dispatch', 'XA20261124000001', 7, 1)")
    restore(urls, "dispatch", saved, 60.0, quietly)
    database = Database(urls["dispatch"], pool_size=1)
    with database.transaction() as tx:
        assert relay.restored(tx) == 8
    database.close()
    restore(urls, "dispatch", saved, 60.0, quietly)
    assert ask(urls, "dispatch", "select epoch from producer") == [8]


def test_a_database_in_use_is_not_touched(urls: dict[str, str], saved: Path) -> None:
    unit(urls, "C09", 1)
    database = Database(urls["dispatch"], pool_size=1, application="dispatch-api")
    with database.transaction() as tx:
        tx.execute(text("select 1"))
        with pytest.raises(Trouble, match="in use by dispatch-api; stop its api and worker first"):
            restore(urls, "dispatch", saved, 60.0, quietly)
    database.close()
    assert "C09" in ask(urls, "dispatch", "select code from units")


@pytest.mark.parametrize("damage", ["in the file", "that only loading shows"])
def test_a_damaged_dump_leaves_the_database_as_it_was(
    urls: dict[str, str], saved: Path, tmp_path: Path, damage: str
) -> None:
    unit(urls, "C09", 1)
    copy = Path(shutil.copytree(saved, tmp_path / saved.name))
    half = (copy / "dispatch.dump").read_bytes()[: saved.joinpath("dispatch.dump").stat().st_size // 2]
    (copy / "dispatch.dump").write_bytes(half)
    if damage == "that only loading shows":
        manifest = json.loads((copy / "manifest.json").read_text())
        manifest["services"]["dispatch"] |= {"bytes": len(half), "sha256": hashlib.sha256(half).hexdigest()}
        (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Trouble):
        restore(urls, "dispatch", copy, 60.0, quietly)
    assert "C09" in ask(urls, "dispatch", "select code from units")
