"""A producer whose database was set back says so before it publishes anything, however it was set back."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import outbox
from chassis.delivery import relay as relaying
from deploy.servers import postgres
from deploy.system.testbed import Servers
from tests.service.chassis.counting import ADDER, added


def is_here(database: Database) -> bool:
    with database.transaction() as tx:
        try:
            relaying.check_producer(tx)
        except relaying.RestoredDatabase:
            return False
    return True


def restored(database: Database, seen: int = 0) -> int:
    with database.transaction() as tx:
        return relaying.restored(tx, seen)


def url_of(database: Database) -> str:
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def tool(name: str, *arguments: str, into: str | None = None) -> bytes:
    """What one of PostgreSQL's programs prints."""
    done = subprocess.run(
        [postgres.binaries() / name, *arguments],
        input=into and into.encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def second(servers: Servers) -> Iterator[Callable[[str], Database]]:
    """`second("template0")`: another database of the same cluster, made of that template."""
    made: list[tuple[str, Database]] = []

    def make(template: str) -> Database:
        name = postgres.new_name(ADDER)
        made.append((name, Database(servers.postgres.create_database(name, ADDER, template), pool_size=2)))
        return made[-1][1]

    yield make
    for name, database in made:
        database.close()
        servers.postgres.drop_database(name)


def test_a_database_that_stays_where_it_is_is_not_taken_for_restored(adder: Database) -> None:
    assert is_here(adder)
    with adder.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum (full, freeze) producer"))
    assert is_here(adder)


@pytest.mark.parametrize("what", ["system_identifier", "timeline"])
def test_another_cluster_or_another_timeline_is_noticed(adder: Database, what: str) -> None:
    with adder.transaction() as tx:
        # As it would be told there: only what the cluster says of itself differs, not who wrote the row.
        tx.execute(text(f"update producer set {what} = {what} + 1, written = pg_current_xact_id()"))
    assert not is_here(adder)
    assert restored(adder) == 2
    assert is_here(adder)


def test_a_dump_loaded_into_a_new_database_of_the_same_cluster_is_noticed(
    adder: Database, second: Callable[[str], Database]
) -> None:
    dump = tool("pg_dump", url_of(adder)).decode()
    other = second("template0")
    tool("psql", "-q", "-v", "ON_ERROR_STOP=1", url_of(other), into=dump)
    assert not is_here(other)
    assert restored(other) == 2
    assert is_here(other)


def test_a_database_copied_within_its_cluster_is_noticed(adder: Database, second: Callable[[str], Database]) -> None:
    name = adder.engine.url.database
    adder.engine.dispose()
    other = second(str(name))
    assert not is_here(other)
    assert restored(other) == 2
    assert is_here(other)
    assert is_here(adder)


EMPTY = {
    "all of it": "drop schema public cascade; create schema public",
    "the rows alone": "delete from producer",
}


@pytest.mark.parametrize("what", EMPTY)
def test_a_dump_loaded_into_the_very_database_it_came_from_is_noticed(
    adder: Database, what: str, tmp_path: Path
) -> None:
    file, rows = str(tmp_path / "dump"), ["--data-only", "--table=producer"] if what == "the rows alone" else []
    tool("pg_dump", "-Fc", "-f", file, url_of(adder))
    with adder.transaction() as tx:
        tx.execute(text(EMPTY[what]))
    tool("pg_restore", "--exit-on-error", "--no-owner", *rows, "-d", url_of(adder), file)
    assert not is_here(adder)
    assert restored(adder) == 2
    assert is_here(adder)


def test_a_database_set_back_behind_an_earlier_restore_is_told_which_epoch_its_readers_saw(adder: Database) -> None:
    assert restored(adder, seen=4) == 5
    assert restored(adder, seen=4) == 6
    with adder.transaction() as tx:
        assert list(tx.execute(text("select epoch from restores order by at, epoch")).scalars()) == [5, 6]


def test_what_a_front_door_wrote_before_the_epoch_rose_leaves_in_the_new_one(adder: Database) -> None:
    with adder.transaction() as tx:
        outbox.put(tx, [added("a", 1, 1)])
    assert restored(adder) == 2
    with adder.transaction() as tx:
        outbox.put(tx, [added("a", 2, 1)])
        assert list(tx.execute(text("select epoch from outbox order by id")).scalars()) == [2, 2]


def test_a_command_under_way_while_the_epoch_rises_is_waited_for(adder: Database) -> None:
    done = threading.Thread(target=lambda: restored(adder))
    with adder.transaction() as tx:
        outbox.put(tx, [added("a", 1, 1)])
        done.start()
        waits = text(r"select exists (select 1 from pg_locks where relation = 'outbox'\:\:regclass and not granted)")
        while done.is_alive() and not adder.holds(waits):
            done.join(0.02)
        assert done.is_alive()
    done.join()
    with adder.transaction() as tx:
        assert list(tx.execute(text("select epoch from outbox")).scalars()) == [2]
