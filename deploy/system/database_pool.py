"""Databases for tests: copied from one template, emptied after use and lent again, since a copy takes half a second.

Whoever borrows one finds what a fresh copy would hold: the rows of the template, sequences at their start, nobody
connected. One whose tables, functions or settings were changed is dropped instead.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from deploy.servers import postgres
from deploy.servers.postgres import Postgres

FIRST_OWN_OID = 16384  # what has a smaller one came with PostgreSQL
TABLES = """
    select oid::regclass::text from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname
"""
SEQUENCES = (
    "select format('%I', sequencename), coalesce(last_value, start_value), last_value is not null from pg_sequences"
)
# Whatever defines something leaves a younger row in a catalog, one more or one less; emptying a table does not.
DEFINITIONS = f"""
    select
        (select array_agg((relname, relkind, relowner, relacl, reloptions, relhastriggers)::text order by oid)
            from pg_class where oid >= {FIRST_OWN_OID}),
        (select (count(*), max(xmin::text::bigint))::text from pg_attribute where attrelid >= {FIRST_OWN_OID}),
        (select (count(*), max(xmin::text::bigint))::text from pg_attrdef where oid >= {FIRST_OWN_OID}),
        (select (count(*), max(xmin::text::bigint))::text from pg_constraint where oid >= {FIRST_OWN_OID}),
        (select (count(*), max(xmin::text::bigint))::text from pg_trigger where oid >= {FIRST_OWN_OID}),
        (select (count(*), max(xmin::text::bigint))::text from pg_proc where oid >= {FIRST_OWN_OID}),
        (select (count(*), max(xmin::text::bigint))::text from pg_type where oid >= {FIRST_OWN_OID}),
        (select array_agg(nspname::text order by oid) from pg_namespace where nspname !~ '^pg_'),
        (select array_agg(setconfig::text) from pg_db_role_setting d join pg_database on d.setdatabase = pg_database.oid
            where datname = current_database())
"""
CUT_OFF = """
    select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
# A copied or refilled database is another place than its template, which its producer would notice.
SETTLE = """
    update producer set written = pg_current_xact_id(),
        database = (select oid from pg_database where datname = current_database())
"""


class AlteredDatabase(RuntimeError):
    """Tables, functions or settings are not those of the template."""


@dataclass(frozen=True)
class Content:
    """What a fresh copy holds."""

    definitions: Any
    tables: list[str]
    rows: dict[str, str]  # in PostgreSQL's COPY format; tables without rows are left out
    sequences: list[tuple[str, int, bool]]


class DatabasePool:
    """Databases of one kind for one role; `fill` makes the template, given its address."""

    def __init__(self, server: Postgres, kind: str, role: str, fill: Callable[[str], None]) -> None:
        self.server, self.kind, self.role, self.fill = server, kind, role, fill
        self._free: list[str] = []

    def borrow(self) -> str:
        """The address of a database that is as a fresh copy, for the role."""
        if self._free:
            return self._free.pop()
        url = self.server.create_database(postgres.new_name(self.kind), self.role, self._template)
        if "producer" in self._fresh.tables:
            with self.server.administration(name_of(url)) as cursor:
                cursor.execute(SETTLE)
        return url

    def give_back(self, url: str) -> None:
        """Whoever is still connected is cut off."""
        with self.server.administration(name_of(url)) as cursor:
            cursor.execute(CUT_OFF)
            altered = self._altered(cursor)
            if not altered:
                _empty(cursor, self._fresh)
        if altered:
            self.server.drop_database(name_of(url))
        else:
            self._free.append(url)

    def renew(self, url: str) -> None:
        """Make it as fresh for the one who has it; connections that hold a transaction are cut off.

        Raises AlteredDatabase if more than rows was changed.
        """
        with self.server.administration(name_of(url)) as cursor:
            cursor.execute(f"{CUT_OFF} and state <> 'idle'")
            if self._altered(cursor):
                raise AlteredDatabase(f"definitions in {name_of(url)} were changed: borrow one for that test alone")
            _empty(cursor, self._fresh)

    def _altered(self, cursor: Any) -> bool:
        cursor.execute(DEFINITIONS)
        return bool(cursor.fetchone() != self._fresh.definitions)

    @cached_property
    def _template(self) -> str:
        name = f"template_{self.kind}"
        self.fill(self.server.create_database(name, self.role))
        return name

    @cached_property
    def _fresh(self) -> Content:
        with self.server.administration(self._template) as cursor:
            return _content(cursor)


def name_of(url: str) -> str:
    """The database's name."""
    return urlsplit(url).path.lstrip("/")


def kind_of(url: str) -> str:
    """What kind of pool it came from."""
    return name_of(url).rpartition("_")[0]


def _content(cursor: Any) -> Content:
    cursor.execute(DEFINITIONS)
    definitions = cursor.fetchone()
    cursor.execute(TABLES)
    tables = [name for (name,) in cursor.fetchall()]
    rows = {name: text for name in tables if (text := _rows(cursor, name))}
    cursor.execute(SEQUENCES)
    return Content(definitions, tables, rows, cursor.fetchall())


def _rows(cursor: Any, table: str) -> str:
    written = io.StringIO()
    cursor.copy_expert(f"copy {table} to stdout", written)
    return written.getvalue()


def _empty(cursor: Any, fresh: Content) -> None:
    cursor.execute("begin; set local session_replication_role = replica")  # no trigger, no foreign key
    used = "union all ".join(f"(select '{name}' from {name} limit 1)" for name in fresh.tables)
    cursor.execute(used)
    if filled := [name for (name,) in cursor.fetchall() if name not in fresh.rows]:
        cursor.execute(f"truncate {', '.join(filled)} cascade")
    for table, text in fresh.rows.items():
        cursor.execute(f"delete from {table}")  # for a few rows quicker than to truncate
        cursor.copy_expert(f"copy {table} from stdin", io.StringIO(text))
    for name, value, called in fresh.sequences:
        cursor.execute("select setval(%s, %s, %s)", (name, value, called))
    if "producer" in fresh.tables:
        cursor.execute(SETTLE)
    cursor.execute("commit")
