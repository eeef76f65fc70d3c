"""Backups that restore to what was saved, and a drill that notices when one does not."""

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis import crypto
from chassis.database import Database
from deploy.backup.backup import backup
from deploy.backup.drill import drill
from deploy.backup.folder import Backups
from deploy.machine.folder import ROOT
from deploy.machine.trouble import Trouble
from deploy.servers import postgres
from deploy.system.testbed import Servers
from services import SERVICES

NUMBER = "XA20261124000001"
pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


def quietly(_: str) -> None:
    """Says nothing."""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "master-keys"
    file.write_text(crypto.new_master_keys())
    return file


@pytest.fixture(scope="module")
def urls(servers: Servers, keys: Path) -> Iterator[dict[str, str]]:
    made = {service: servers.database(service) for service in SERVICES}
    database = Database(made["intake"], pool_size=1)
    with database.transaction() as tx:
        tx.execute(
            text("""
                insert into cases (number, channel, kind, identity, place, description, state, submitted_at, version,
                    revision)
                values (:number, 'mailbox', 'help', 'named', '地铁口', '路灯坏了', 'submitted', now(), 1, 1)
            """),
            {"number": NUMBER},
        )
        tx.execute(
            text("insert into identities (number, sealed, code_index) values (:number, :sealed, '')"),
            {"number": NUMBER, "sealed": crypto.seal(crypto.read_master_keys(keys), NUMBER, b"{}")},
        )
    database.close()
    yield made
    for url in made.values():
        servers.drop_database(url)


@pytest.fixture(scope="module")
def sound(urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup that nobody may change."""
    return backup(urls, Backups(tmp_path_factory.mktemp("backups")), None, 60.0, quietly)


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    """A backup to be damaged."""
    return Path(shutil.copytree(sound, tmp_path / sound.name))


def test_a_backup_restores_table_by_table_to_what_was_saved(sound: Path, keys: Path) -> None:
    said: list[str] = []
    assert drill(sound, keys, 60.0, said.append) == []
    assert "the measured time to recover" in said[-1]
    assert any("the master key opens an identity" in line for line in said)


def test_a_backup_says_what_it_is_and_only_its_owner_reads_it(sound: Path, urls: dict[str, str]) -> None:
    document = json.loads((sound / "manifest.json").read_text())
    assert set(document["services"]) == set(SERVICES)
    intake = document["services"]["intake"]
    newest = max(path.name[:4] for path in (ROOT / "services/intake/migrations/versions").glob("0*.py"))
    assert (intake["revision"], intake["epoch"], intake["tables"]["identities"]["rows"]) == (newest, 1, 1)
    assert intake["time"].endswith("+00:00") and intake["server_version"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in sound.iterdir()} == {0o600}
    assert stat.S_IMODE(sound.stat().st_mode) == 0o700
    everything = b"".join(path.read_bytes() for path in sound.iterdir())
    assert all(url.split(":")[2].split("@")[0].encode() not in everything for url in urls.values())


def noted(url: str) -> list[str]:
    database = Database(url, pool_size=1)
    with database.transaction() as tx:
        rows = list(tx.execute(text("select taken_at from backups")).scalars())
    database.close()
    return [row.isoformat() for row in rows]


def test_each_database_knows_its_newest_backup_whose_age_is_a_signal(
    sound: Path, urls: dict[str, str], tmp_path: Path, keys: Path
) -> None:
    newer = backup(urls, Backups(tmp_path), None, 60.0, quietly)
    taken = json.loads((newer / "manifest.json").read_text())["made_at"]
    assert [noted(url) for url in urls.values()] == [[taken]] * len(SERVICES)
    assert drill(newer, keys, 60.0, quietly) == []


def test_a_backup_that_a_database_cannot_note_is_a_backup_nevertheless(urls: dict[str, str], tmp_path: Path) -> None:
    said: list[str] = []
    database = Database(urls["sla"], pool_size=1)
    with database.transaction() as tx:
        tx.execute(text("alter table backups rename to elsewhere"))
    try:
        assert backup(urls, Backups(tmp_path), None, 60.0, said.append).is_dir()
    finally:
        with database.transaction() as tx:
            tx.execute(text("alter table elsewhere rename to backups"))
        database.close()
    assert [line for line in said if line.startswith("sla: the backup is whole, but its database could not note it")]


def test_a_truncated_dump_is_noticed(copy: Path, keys: Path) -> None:
    file = copy / "sla.dump"
    file.write_bytes(file.read_bytes()[:-1000])
    [fault] = drill(copy, keys, 60.0, quietly)
    assert fault.startswith("sla: sla.dump has ") and "instead of" in fault


def test_a_changed_byte_in_a_dump_is_noticed(copy: Path, keys: Path) -> None:
    content = bytearray((copy / "notify.dump").read_bytes())
    content[-2000] ^= 1
    (copy / "notify.dump").write_bytes(content)
    assert drill(copy, keys, 60.0, quietly) == ["notify: notify.dump was changed: its SHA-256 is another"]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [("rows", 7, "1 rows instead of 7"), ("hash", "0" * 32, "1 rows, their content differs")],
)
def test_a_table_that_is_not_as_the_manifest_says_is_named(
    copy: Path, keys: Path, field: str, value: object, told: str
) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["services"]["intake"]["tables"]["cases"][field] = value
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert drill(copy, keys, 60.0, quietly) == [f"intake: cases: {told}"]


def test_a_wrong_master_key_or_none_is_said_so(sound: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text(crypto.new_master_keys())
    [fault] = drill(sound, wrong, 60.0, quietly)
    assert "do not fit" in fault and "sealed with an unknown master key" in fault
    [fault] = drill(sound, tmp_path / "nowhere", 60.0, quietly)
    assert "the master key is missing" in fault


def test_counts_belong_to_the_dumps_own_snapshot_while_the_system_writes(
    urls: dict[str, str], keys: Path, tmp_path: Path
) -> None:
    writer, stop = Database(urls["sla"], pool_size=1), threading.Event()

    def write() -> None:
        while not stop.wait(0.002):
            with writer.transaction() as tx:
                tx.execute(text("insert into attempt values (cast(gen_random_uuid() as text), 1)"))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        made = backup(urls, Backups(tmp_path), None, 60.0, quietly)
    finally:
        stop.set()
        thread.join()
        writer.close()
    assert drill(made, keys, 60.0, quietly) == []


def test_a_backup_that_fails_leaves_nothing(urls: dict[str, str], tmp_path: Path) -> None:
    backups = Backups(tmp_path)
    nowhere = urls | {"notify": "postgresql://notify:secret@127.0.0.1:1/notify"}
    with pytest.raises(Trouble, match="cannot be reached") as trouble:
        backup(nowhere, backups, None, 60.0, quietly)
    assert "secret" not in str(trouble.value)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_dump_that_does_not_end_is_given_up(urls: dict[str, str], tmp_path: Path, servers: Servers) -> None:
    with postgres.psycopg2.connect(urls["dispatch"]) as connection, connection.cursor() as cursor:
        cursor.execute("lock table cases in access exclusive mode")
        with pytest.raises(Trouble):
            backup({"dispatch": urls["dispatch"]}, Backups(tmp_path), None, 2.0, quietly)
        connection.rollback()
    connection.close()
    assert Backups(tmp_path).good() == []


def test_old_backups_go_but_never_the_last_good_one(sound: Path, tmp_path: Path) -> None:
    names = [f"2026112{day}T000000.000000Z" for day in range(1, 6)]
    for name in names:
        shutil.copytree(sound, tmp_path / name)
    for damaged in names[3:]:
        (tmp_path / damaged / "sla.dump").write_bytes(b"")
    backups = Backups(tmp_path)
    assert [path.name for path in backups.forget(1)] == names[:2]
    assert backups.newest().name == names[2]
    assert backups.forget(1) == []
    (tmp_path / names[2] / "manifest.json").unlink()
    assert backups.forget(1) == []
    assert len(list(tmp_path.iterdir())) == 3


def test_the_commands_end_with_a_sentence_and_an_exit_code(urls: dict[str, str], keys: Path, tmp_path: Path) -> None:
    env = {f"DATABASE_URL_{service.upper()}": url for service, url in urls.items()}
    env |= {"RUN": str(tmp_path / "run"), "BACKUPS": str(tmp_path / "kept"), "MASTER_KEYS_FILE": str(keys), "KEEP": "1"}

    def command(module: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=os.environ | env | more,
            capture_output=True,
            text=True,
            timeout=120,
        )

    for _ in range(2):
        made = command("deploy.backup.backup")
        assert made.returncode == 0, made.stderr
    assert len(list((tmp_path / "kept").glob("2*"))) == 1
    proved = command("deploy.backup.drill")
    assert proved.returncode == 0, proved.stderr
    assert "every table is equal" in proved.stdout
    failed = command("deploy.backup.drill", MASTER_KEYS_FILE=str(tmp_path / "nowhere"))
    assert failed.returncode == 1 and "the master key is missing" in failed.stderr
    nothing = command("deploy.backup.drill", BACKUPS=str(tmp_path / "empty"))
    assert nothing.returncode == 1 and "There is no backup" in nothing.stderr
    assert "Traceback" not in failed.stderr + nothing.stderr
