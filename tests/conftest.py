"""Servers for tests that need them: real ones, of the session's own. A test that asks for none starts none."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.release.last import last
from deploy.system import testbed
from deploy.system.testbed import Servers, SystemUnderTest, Vhost


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """`servers.postgres` and `servers.rabbit`, each started on first use, once per session.

    A whole system stands on a durable cluster, as in production. Where only single services are looked at, nobody
    kills the cluster, and it need not wait for the disk.
    """
    whole = any("system" in getattr(item, "fixturenames", ()) for item in request.session.items)
    with testbed.folder() as folder:
        bed = Servers(folder, durable=whole)
        try:
            yield bed
        finally:
            bed.close()


@pytest.fixture
def database(servers: Servers) -> Iterator[Callable[[str], str]]:
    """`database("sla")`: the address of a migrated database of that service, as fresh; emptied after the test."""
    borrowed: list[str] = []

    def borrow(service: str) -> str:
        borrowed.append(servers.database(service))
        return borrowed[-1]

    yield borrow
    for url in borrowed:
        servers.give_back(url)


@pytest.fixture
def broker(servers: Servers) -> Iterator[Vhost]:
    """A fresh vhost with the topology: `broker.uri("sla")` is the address its own user gets."""
    vhost = servers.vhost()
    yield vhost
    servers.drop_vhost(vhost)


@pytest.fixture(scope="module")
def system(servers: Servers, request: pytest.FixtureRequest) -> Iterator[SystemUnderTest]:
    """A whole running system for this module's tests, on fresh databases and a fresh vhost.

    A module-level SETTINGS, as `{"notify": {"SMS_WINDOW": "1"}}`, adds to what its processes are told.
    """
    running = servers.system(getattr(request.module, "SETTINGS", {}))
    yield running
    running.close()


@pytest.fixture(scope="session")
def last_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last release's whole code, for its processes to run beside today's."""
    return last().unpack(tmp_path_factory.mktemp("last-release"))
