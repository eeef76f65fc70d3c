"""Two databases with the chassis's own tables and a vhost with the counting service's topology."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import topology
from chassis.delivery.envelope import source_of
from chassis.delivery.relay import Relay
from chassis.migrations import script
from deploy.servers import postgres
from deploy.system.testbed import Servers, Vhost
from tests.service.chassis.counting import ADDER, COUNTER, TABLE, TOPOLOGY


@pytest.fixture
def empty_database(servers: Servers) -> Iterator[Callable[[str], Database]]:
    """`empty_database("sla")`: a database of that role with the delivery tables and the counting service's one."""
    made: list[tuple[str, Database]] = []

    def make(role: str) -> Database:
        url = servers.pool(f"counting_{role}", role, prepare).borrow()
        made.append((url, Database(url, pool_size=5)))
        return made[-1][1]

    yield make
    for url, database in made:
        database.close()
        servers.give_back(url)


def prepare(url: str) -> None:
    with closing(Database(url, pool_size=1)) as database, database.transaction() as tx:
        for name in ("0001_delivery", "0002_producer_place", "0003_skipped_by"):
            tx.execute(text(script(name)))
        tx.execute(text(TABLE))


@pytest.fixture
def adder(empty_database: Callable[[str], Database]) -> Database:
    return empty_database(ADDER)


@pytest.fixture
def counter(empty_database: Callable[[str], Database]) -> Database:
    return empty_database(COUNTER)


@pytest.fixture
def vhost(servers: Servers) -> Iterator[Vhost]:
    """A broker with the counting topology."""
    name = postgres.new_name("counting")
    servers.rabbit.create_vhost(name)
    apply_topology(servers, name)
    yield Vhost(name, servers.rabbit)
    servers.rabbit.drop_vhost(name)


def apply_topology(servers: Servers, name: str) -> None:
    passwords = {user: servers.rabbit.password(user) for user in TOPOLOGY.users}
    topology.apply(servers.rabbit.management, passwords, name, TOPOLOGY)


@pytest.fixture
def relay(adder: Database, vhost: Vhost) -> Iterator[Relay]:
    made = Relay(adder, vhost.uri(ADDER), ADDER, source_of("xinan", ADDER), TOPOLOGY)
    yield made
    made.close()
