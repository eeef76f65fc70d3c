"""Counts and hashes of a database's tables, the same before a dump and after a restore, whatever the rows' order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2

from deploy.backup.manifest import Table
from deploy.machine.trouble import Trouble
from deploy.servers.postgres import without_password

# What a row looks like as text depends on these.
SESSION = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "timezone": "UTC",
        "datestyle": "ISO",
        "intervalstyle": "postgres",
        "extra_float_digits": "1",
        "bytea_output": "hex",
        "lock_timeout": "10s",
        # The snapshot is held while pg_dump works, in a session that has nothing to do meanwhile.
        "idle_in_transaction_session_timeout": "0",
    }.items()
)
TABLES = """
    select c.relname from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by c.relname
"""
# Two sums of 64 bits each of every row's hash: no sorting, and no memory however large the table.
PICTURE = """
    select count(*), coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0),
        coalesce(sum(('x' || right(h, 16))::bit(64)::bigint::numeric), 0)
    from (select md5(t::text) as h from public.{table} t) rows
"""


@contextmanager
def reading(url: str, deadline: float) -> Iterator[Any]:
    """A cursor in a read-only transaction with one snapshot for everything. Raises Trouble."""
    with connection(url, deadline) as opened:
        opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with opened.cursor() as cursor:
            yield cursor


@contextmanager
def connection(url: str, deadline: float) -> Iterator[Any]:
    """A connection whose statements take at most `deadline` seconds each. Raises Trouble with one sentence."""
    options = f"{SESSION} -c statement_timeout={int(deadline * 1000)}"
    try:
        opened = psycopg2.connect(url, connect_timeout=5, options=options, application_name="lianxin-backup")
    except (psycopg2.OperationalError, psycopg2.ProgrammingError) as error:
        raise Trouble(f"{without_password(url)} cannot be reached: {_first_line(error)}") from None
    try:
        yield opened
    except psycopg2.Error as error:
        raise Trouble(f"{without_password(url)}: {_first_line(error)}") from None
    finally:
        opened.close()


def tables(cursor: Any) -> dict[str, Table]:
    """Every table by name, partitions each for itself."""
    cursor.execute(TABLES)
    return {name: _table(cursor, name) for (name,) in cursor.fetchall()}


def _table(cursor: Any, name: str) -> Table:
    cursor.execute(PICTURE.format(table='"' + name.replace('"', '""') + '"'))
    rows, first, second = cursor.fetchone()
    return Table(rows, f"{int(first) % 2**64:016x}{int(second) % 2**64:016x}")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
