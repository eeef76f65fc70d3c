"""Migrating while the service works: it gives up in time, does nothing by halves, and one works at a time."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

from chassis import migrations
from deploy.servers import postgres
from deploy.system.testbed import Servers
from tests.service.chassis.waiting import until

ROOT = Path(__file__).parents[3]
REVISION = """
from alembic import op

revision, down_revision = "{this}", {before}


def upgrade() -> None:
{body}
"""
PLAIN = '    op.execute("{sql}")'
FREE = """    with op.get_context().autocommit_block():
        op.execute("{sql}")"""


class Folder:
    """A service's revisions, written by a test one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "versions").mkdir()
        self.count = 0

    def add(self, *statements: str, form: str = PLAIN) -> str:
        """One more revision; its number."""
        before, self.count = self.count, self.count + 1
        body = "\n".join(form.format(sql=sql) for sql in statements)
        this = f"{self.count:04}"
        text = REVISION.format(this=this, before=f'"{before:04}"' if before else None, body=body)
        (self.path / "versions" / f"{this}_test.py").write_text(text)
        return this


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def empty(servers: Servers) -> Iterator[str]:
    name = postgres.new_name("sla")
    yield servers.postgres.create_database(name, "sla")
    servers.postgres.drop_database(name)


def asked(url: str, question: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(question)
            found = cursor.fetchone()
            return found[0] if found else None
    finally:
        connection.close()


@contextmanager
def busy(url: str, table: str) -> Iterator[None]:
    """A transaction of the service that holds a row of the table, and so keeps the table as it is."""
    connection = psycopg2.connect(url, application_name="sla-api")
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"insert into {table} default values")
            yield
    finally:
        connection.close()


@contextmanager
def holding_the_turn(url: str) -> Iterator[None]:
    """Another `migrate` that works and works."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtext('lianxin migrate'))")
        yield
    finally:
        connection.close()


def run(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    env = {"PROFILE": "dev", "DATABASE_URL": url}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_a_revision_that_cannot_get_its_lock_gives_up_and_leaves_nothing_half_done(
    empty: str, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 0.3)
    folder.add("create table work (id integer generated always as identity)")
    migrations.upgrade(empty, folder.path)
    folder.add("create table more ()", "alter table work add column note text")
    with busy(empty, "work"), pytest.raises(migrations.MigrationRefused) as refused:
        migrations.upgrade(empty, folder.path)
    told = str(refused.value)
    assert "the revision after 0001 did not get its locks within 0.3 s" in told and "belongs to sla-api" in told
    assert asked(empty, "select to_regclass('more')") is None
    assert migrations.upgrade(empty, folder.path) == "the database is at revision 0002, it was at 0001"
    assert asked(empty, "select count(note) from work") == 0


def test_those_who_work_wait_no_longer_than_it_does(
    empty: str, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 0.5)
    folder.add("create table work (id integer generated always as identity)")
    migrations.upgrade(empty, folder.path)
    folder.add("alter table work add column note text")
    with busy(empty, "work"), ThreadPoolExecutor() as pool:
        migrating = pool.submit(migrations.upgrade, empty, folder.path)
        until(lambda: bool(asked(empty, "select count(*) > 0 from pg_locks where not granted")))
        # This one stands behind the lock that was asked for, though the one that is held would let it pass.
        assert asked(empty, "set statement_timeout = '3s'; select count(*) from work") == 0
        assert isinstance(migrating.exception(10), migrations.MigrationRefused)


def test_a_statement_that_takes_too_long_is_stopped_and_leaves_nothing(
    empty: str, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "STATEMENT_SECONDS", 1)
    folder.add("create table work ()", "select pg_sleep(5)")
    with pytest.raises(
        migrations.MigrationRefused, match=r"the revision after none was stopped: one statement took 1 s"
    ):
        migrations.upgrade(empty, folder.path)
    assert asked(empty, "select to_regclass('work')") is None


def test_a_revision_may_give_one_long_statement_the_time_it_takes(
    empty: str, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "STATEMENT_SECONDS", 1)
    folder.add("set local statement_timeout = '9s'", "select pg_sleep(2)")
    folder.add("select pg_sleep(2)")
    with pytest.raises(migrations.MigrationRefused, match="after 0001 was stopped"):
        migrations.upgrade(empty, folder.path)


def test_a_mistake_in_a_revision_is_no_refusal(empty: str, folder: Folder) -> None:
    folder.add("create table work (id integer, id integer)")
    with pytest.raises(Exception, match="specified more than once"):
        migrations.upgrade(empty, folder.path)


def test_of_several_at_once_each_revision_is_run_by_one(empty: str, folder: Folder) -> None:
    """One of them makes an index that waits for every snapshot: nobody who waits for a turn may hold one."""
    folder.add("create table work (id integer generated always as identity)")
    for _ in range(3):
        folder.add("insert into work default values", "select pg_sleep(0.4)")
    folder.add("create index concurrently work_id on work (id)", form=FREE)
    folder.add("insert into work default values")
    with ThreadPoolExecutor() as pool:
        done = [pool.submit(migrations.upgrade, empty, folder.path) for _ in range(3)]
        told = sorted(each.result(30) for each in done)
    assert told == [
        "the database is at revision 0006, it was at 0006",
        "the database is at revision 0006, it was at 0006",
        "the database is at revision 0006, it was at none",
    ]
    assert asked(empty, "select count(*) from work") == 4


def test_one_that_never_ends_is_waited_for_only_so_long(
    empty: str, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "TURN_SECONDS", 0.3)
    folder.add("create table work ()")
    with holding_the_turn(empty), pytest.raises(migrations.MigrationRefused, match="another migrate has been working"):
        migrations.upgrade(empty, folder.path)


def test_an_older_release_leaves_a_newer_database_as_it_is(database: Callable[[str], str]) -> None:
    """A release is rolled back with its migrate job and all: the job must not fail."""
    url = database("sla")
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("update alembic_version set version_num = '9999'")
    connection.close()
    done = run(url, "-m", "services.sla", "migrate")
    assert done.returncode == 0, done.stderr
    assert "sla: the database is at revision 9999, newer than this release's" in done.stdout
    assert asked(url, "select version_num from alembic_version") == "9999"


def test_a_refusal_is_one_sentence_and_exit_code_1(database: Callable[[str], str]) -> None:
    url = database("sla")
    code = "from chassis import migrations; migrations.TURN_SECONDS = 0.3; import sys; sys.argv = ['sla', 'migrate'];"
    code += "from services.sla.__main__ import main; sys.exit(main())"
    with holding_the_turn(url):
        done = run(url, "-c", code)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "another migrate has been working on this database for 0 s; nothing was done\n"


def test_what_a_revision_would_do_can_be_read_without_a_database(folder: Folder) -> None:
    folder.add("create table work ()")
    folder.add(r"select '[[\\:space\\:]]'")
    assert "create table work ();" in migrations.sql(folder.path, "base")
    since = migrations.sql(folder.path, "0001")
    assert "create table work" not in since and "select '[[:space:]]';" in since
