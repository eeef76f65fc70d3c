"""Brings a service's database to its newest revision; revisions are plain SQL run by alembic.

They run while the service works: each in one transaction, with deadlines, and never two `migrate` at once.
"""

import time
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database

HERE = Path(__file__).parent
# A revision that can't get its locks soon gives up instead of queueing every request behind it.
LOCK_SECONDS, STATEMENT_SECONDS = 4, 10
TURN_SECONDS, LOOK_SECONDS = 600.0, 0.2
TRY = text("select pg_try_advisory_lock(hashtext('lianxin migrate'))")
OLDEST = text("""
    select application_name, extract(epoch from now() - xact_start) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
    order by xact_start limit 1
""")


class MigrationRefused(RuntimeError):
    """The database was not brought to the newest revision; the text is a sentence for the operator."""


def upgrade(url: str, folder: Path) -> str:
    """Applies the revisions in `folder`/versions that are missing, each in one transaction; says what was done.

    Raises MigrationRefused when another `migrate` does not end or a revision does not get through; running it again
    does what is left.
    """
    with closing(Database(url, pool_size=1, application="migrate")) as one, one.engine.connect() as connection:
        _wait_for_turn(connection)
        return _upgrade(connection, folder)


def _wait_for_turn(connection: Connection) -> None:
    """Several `migrate` at once: one works, the others wait and then find nothing to do.

    The lock is asked for again and again instead of waited for: a waiting statement holds a snapshot, for which
    `create index concurrently` of the one that works would wait in turn. It goes with the connection.
    """
    deadline = time.monotonic() + TURN_SECONDS
    while not connection.execute(TRY).scalar_one():
        connection.rollback()
        if time.monotonic() > deadline:
            raise MigrationRefused(
                f"another migrate has been working on this database for {TURN_SECONDS:.0f} s; nothing was done"
            )
        time.sleep(LOOK_SECONDS)
    connection.execute(text(f"set lock_timeout = '{LOCK_SECONDS}s'"))
    connection.execute(text(f"set statement_timeout = '{STATEMENT_SECONDS}s'"))
    connection.commit()


def _upgrade(connection: Connection, folder: Path) -> str:
    before, head = _at(connection), newest(folder)
    if before not in (None, *_known(folder)):
        return f"the database is at revision {before}, newer than this release's {head}: left as it is"
    try:
        command.upgrade(_config(folder, connection), "head")
    except DBAPIError as error:
        connection.rollback()
        if why := _passing(connection, error):
            raise MigrationRefused(
                f"the revision after {_at(connection) or 'none'} {why}. Nothing of it was done; run migrate again."
            ) from error
        raise
    return f"the database is at revision {head}, it was at {before or 'none'}"


def _at(connection: Connection) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    return found


def _passing(connection: Connection, error: DBAPIError) -> str | None:
    """What went wrong, if another try may do; None for any other error."""
    match getattr(error.orig, "pgcode", None):
        case "55P03":
            return f"did not get its locks within {LOCK_SECONDS} s; {_oldest(connection)}"
        case "57014":
            return f"was stopped: one statement took {STATEMENT_SECONDS} s while others waited for its locks"
        case "40P01":
            return "ran into a deadlock"
    return None


def _oldest(connection: Connection) -> str:
    found = connection.execute(OLDEST).first()
    if found is None:
        return "whoever held them is gone now"
    return f"the oldest transaction belongs to {found[0] or 'an unnamed program'} and is {float(found[1]):.0f} s old"


def newest(folder: Path) -> str:
    """The revision that `folder`/versions leads to."""
    return str(_scripts(folder).get_current_head())


def reaches(folder: Path, revision: str | None) -> bool:
    """Whether a database at `revision` has at least everything in `folder`/versions.

    A revision this release does not know is a later release's: revisions only add, so this release runs on it.
    """
    return revision is not None and revision not in _known(folder) - {newest(folder)}


def _known(folder: Path) -> set[str]:
    return {each.revision for each in _scripts(folder).walk_revisions()}


def sql(folder: Path, since: str) -> str:
    """What the revisions after `since` ("base": all) would run, as one script; asks no database."""
    config = _config(folder)
    config.output_buffer = StringIO()
    command.upgrade(config, f"{since}:head", sql=True)
    return config.output_buffer.getvalue()


def _scripts(folder: Path) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(folder))


def _config(folder: Path, connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE / "alembic"))
    config.set_main_option("version_locations", str(folder / "versions"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


def apply(op: Any, name: str = "0001_delivery") -> None:
    """Runs one of the chassis's own scripts inside a service's revision."""
    op.execute(script(name))


def script(name: str) -> str:
    """A script of the chassis as SQLAlchemy's `text()` takes it: colons are no parameters there."""
    return (HERE / "sql" / f"{name}.sql").read_text(encoding="utf-8").replace(":", r"\:")
