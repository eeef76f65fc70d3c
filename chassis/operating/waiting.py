"""`await`: wait until what this release needs is there: the database's revision and, for a worker, its queue.

It runs before the process, in an init container. It changes nothing itself: migrating and applying the topology are
jobs of the release, each run once.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from amqp.exceptions import NotFound
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis import migrations
from chassis.database import Database, is_gone
from chassis.delivery import broker
from chassis.operating.service import Service
from chassis.settings import Settings, required

LOOK_EVERY = 0.5
NEVER_MIGRATED = "42P01"  # PostgreSQL's code for a table that is not there

Lack = Callable[[], str | None]
"""A sentence about what is lacking now, or None."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """For which process, and how long."""
    parser.add_argument(
        "kind",
        nargs="?",
        choices=["api", "worker"],
        help="api needs the database, worker also its queue (default: worker where AMQP_URI is given)",
    )
    parser.add_argument(
        "--seconds", type=float, default=300.0, help="the longest wait, in seconds (default: %(default)g)"
    )


def run(service: Service, settings: Settings, asked: argparse.Namespace) -> int:
    """The exit code: 0 as soon as all is there; 1, after a sentence on stderr, when time runs out."""
    if asked.kind == "worker":
        required(settings, "amqp_uri")
    lacks: list[Lack] = [lambda: _database(service, settings)]
    if asked.kind == "worker" or (asked.kind is None and settings.amqp_uri):
        lacks.append(lambda: _queue(settings.amqp_uri, f"{service.name}.inbox"))
    lacking = _wait(lacks, time.monotonic() + asked.seconds)
    if lacking:
        _say(f"{service.name} gave up after {asked.seconds:g} s: {lacking}")
    return int(lacking is not None)


def _wait(lacks: list[Lack], deadline: float) -> str | None:
    """What is still lacking at the deadline; each new reason to wait is said once."""
    said = None
    while lacking := next((found for lack in lacks if (found := lack())), None):
        if time.monotonic() > deadline:
            return lacking
        if lacking != said:
            _say(f"waiting: {lacking}")
        said = lacking
        time.sleep(LOOK_EVERY)
    return None


def _database(service: Service, settings: Settings) -> str | None:
    database = Database(settings.database_url, pool_size=1, application=f"{service.name}-await")
    try:
        with database.glance() as connection:
            there = connection.execute(text("select version_num from alembic_version")).scalar()
        return _revision(service.name, service.migrations, there)
    except DBAPIError as error:
        return _unreached(service.name, error)
    finally:
        database.close()


def _revision(name: str, folder: Path, there: str | None) -> str | None:
    if migrations.reaches(folder, there):
        return None
    wanted = migrations.newest(folder)
    return f"the database of {name} is at revision {there or 'none'}, and this release needs {wanted}"


def _unreached(name: str, error: DBAPIError) -> str:
    if getattr(error.orig, "pgcode", None) == NEVER_MIGRATED:
        return f"the database of {name} was never migrated"
    if not is_gone(error):
        raise error
    reason = str(error.orig).strip().splitlines()[-1]  # names host and user, never a password
    return f"the database of {name} does not answer ({reason})"


def _queue(uri: str, queue: str) -> str | None:
    try:
        broker.depth(uri, queue)
    except NotFound:
        return f"the queue {queue} does not exist; the topology was not applied"
    except broker.LOST as error:
        # Before the topology is applied a service's user does not exist, and its login is refused.
        return f"the broker refuses the connection ({type(error).__name__})"
    return None


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
