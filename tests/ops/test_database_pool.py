"""A database that was used before is as a fresh one, or it is not lent again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest

from deploy.system import database_pool
from deploy.system.database_pool import AlteredDatabase, DatabasePool
from deploy.system.testbed import Servers, migrate

TABLES = """
    select oid::regclass::text from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname
"""
USE = """
    insert into outbox (event_id, type, subject, seq, epoch, partitionkey, body)
        values (gen_random_uuid(), 'case.submitted', 'XA1', 1, 1, 'XA1', '{}');
    update clock_offset set shift = interval '3 days';
    update producer set epoch = 7;
    delete from progress
"""


@pytest.fixture
def pool(servers: Servers) -> DatabasePool:
    """Of a kind that no other test borrows."""
    return servers.pool("pooled", "sla", lambda url: migrate(url, "sla"))


@pytest.fixture
def url(pool: DatabasePool) -> str:
    return pool.borrow()


@contextmanager
def connected(url: str) -> Iterator[Any]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def asked(cursor: Any, question: str) -> list[Any]:
    cursor.execute(question)
    return [row[0] if len(row) == 1 else row for row in cursor.fetchall()]


def content(url: str) -> dict[str, Any]:
    """All rows, where each sequence stands, and whether the producer takes this place for its own."""
    with connected(url) as cursor:
        found: dict[str, Any] = {
            name: asked(cursor, f"select to_jsonb(t) - 'written' - 'database' from {name} t order by 1")
            for name in asked(cursor, TABLES)
        }
        found["sequences"] = asked(cursor, "select sequencename, last_value from pg_sequences order by 1")
        found["here"] = asked(cursor, "select producer_is_here()")
        return found


def use(url: str) -> None:
    with connected(url) as cursor:
        cursor.execute(USE)


@pytest.mark.parametrize("again", ["give_back", "renew"])
def test_what_a_test_left_is_gone(pool: DatabasePool, url: str, again: str) -> None:
    fresh = content(url)
    use(url)
    changed = content(url)
    assert {name for name in fresh if fresh[name] != changed[name]} >= {
        "outbox",
        "clock_offset",
        "producer",
        "progress",
    }
    getattr(pool, again)(url)
    assert content(url) == fresh and fresh["here"] == [True]


def test_one_that_was_given_back_is_lent_again(pool: DatabasePool, url: str) -> None:
    pool.give_back(url)
    assert pool.borrow() == url


def test_whoever_is_still_connected_is_cut_off(pool: DatabasePool, url: str) -> None:
    with connected(url) as cursor:
        pool.give_back(url)
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("select 1")


@pytest.mark.parametrize(
    "change",
    [
        "create table more ()",
        "alter table cases add column more text",
        "alter table cases alter column number set default 'XA1'",
        "alter table cases add check (number <> '')",
        "create index more on cases (number)",
        "create function more() returns int language sql as 'select 1'",
        "create or replace function clock_now() returns timestamptz language sql stable as 'select now()'",
        "alter table cases set (fillfactor = 50)",
    ],
)
def test_one_that_was_altered_is_not_lent_again(pool: DatabasePool, url: str, change: str) -> None:
    with connected(url) as cursor:
        cursor.execute(change)
    with pytest.raises(AlteredDatabase):
        pool.renew(url)
    pool.give_back(url)
    with pool.server.administration() as cursor:
        assert not asked(cursor, f"select 1 from pg_database where datname = '{database_pool.name_of(url)}'")
