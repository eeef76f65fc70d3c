"""`make reconcile`: every producer's log of a running system against what each of its readers has seen."""

import os
import sys
import time
from collections.abc import Sequence

from chassis.database import Database, is_gone
from chassis.delivery import topology
from chassis.operating.checks import report
from chassis.operating.comparison import Comparison, as_json, confirmed
from chassis.operating.reconcile import bindings, compare, newest
from chassis.settings import Settings, read
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.system.environment import Environment
from services import SERVICES

WAIT_SECONDS = 5.0
"""Between two looks at what differs: an event under way must have arrived by then. WAIT= gives another."""


def main() -> int:
    """Exit code 1 if anything differs twice; 2 if it cannot be asked. With JSON=1 one JSON object a pair."""
    try:
        results = reconciled(Environment.kept(Folder()), float(os.environ.get("WAIT") or WAIT_SECONDS))
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 2
    print("\n".join(map(as_json, results)) if os.environ.get("JSON") else report(results))
    return int(any(result.differs for result in results))


def reconciled(environment: Environment, wait: float = WAIT_SECONDS) -> list[Comparison]:
    """One comparison a pair of producer and reader; what differs is compared again after `wait` seconds."""
    first = [_compared(environment, *pair) for pair in pairs()]
    if any(result.differs for result in first):
        time.sleep(wait)
    return [_again(environment, result) if result.differs else result for result in first]


def pairs() -> list[tuple[str, str]]:
    """Who reads whom, by the topology."""
    known = topology.load()
    return [(producer, reader) for producer in SERVICES for reader in bindings(known, producer)]


def _again(environment: Environment, first: Comparison) -> Comparison:
    return confirmed(first, _compared(environment, first.producer, first.reader))


def _compared(environment: Environment, producer: str, reader: str) -> Comparison:
    street = read(Settings, environment.of(producer)).street
    databases = [Database(environment.databases[service], pool_size=1) for service in (producer, reader)]
    try:
        lines = newest(databases[0], topology.load(), street, producer, only=reader)
        return compare(databases[1], reader, lines)[0]
    except Exception as error:
        if not is_gone(error):
            raise
        raise Trouble(f"The database of {producer} or of {reader} does not answer; is the system running?") from error
    finally:
        _close(databases)


def _close(databases: Sequence[Database]) -> None:
    for database in databases:
        database.close()


if __name__ == "__main__":
    sys.exit(main())
