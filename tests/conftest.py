"""Servers for tests that need them: real ones, of the session's own. A test that asks for none starts none."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest
import structlog
from structlog.dev import ConsoleRenderer, plain_traceback

from deploy.release.last import last
from deploy.system import testbed
from deploy.system.testbed import Servers, SystemUnderTest, Vhost

Settings: TypeAlias = Mapping[str, Mapping[str, str]]


# structlog's own way to show an exception prints every local of every frame, which takes seconds.
structlog.configure(
    processors=[*structlog.get_config()["processors"][:-1], ConsoleRenderer(exception_formatter=plain_traceback)]
)


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


class SharedSystem:
    """The running system of modules that may meet each other's cases; started anew only for other settings."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._settings: Settings | None = None
        self._running: SystemUnderTest | None = None

    def of(self, settings: Settings) -> SystemUnderTest:
        """The running one if it has these settings, else another in its place."""
        if self._running is None or settings != self._settings:
            self.close()
            self._settings, self._running = settings, self._servers.system(settings)
        return self._running

    def close(self) -> None:
        """Stop it if there is one."""
        if self._running is not None:
            self._running.close()
            self._running = None


@pytest.fixture(scope="session")
def shared_system(servers: Servers) -> Iterator[SharedSystem]:
    """One for the session, not started yet."""
    shared = SharedSystem(servers)
    yield shared
    shared.close()


@pytest.fixture(scope="module")
def system(servers: Servers, shared_system: SharedSystem, request: pytest.FixtureRequest) -> Iterator[SystemUnderTest]:
    """A whole running system for this module's tests, on fresh databases and a fresh vhost.

    A module-level SETTINGS, as `{"notify": {"SMS_WINDOW": "1"}}`, adds to what its processes are told. A module that
    neither counts, nor moves clocks, nor breaks anything says `SHARED = True` and shares it with others of the same
    settings.
    """
    settings: Settings = getattr(request.module, "SETTINGS", {})
    if getattr(request.module, "SHARED", False):
        yield shared_system.of(settings)
        return
    running = servers.system(settings)
    yield running
    running.close()


@pytest.fixture(scope="session")
def last_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The last release's whole code, for its processes to run beside today's."""
    return last().unpack(tmp_path_factory.mktemp("last-release"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI decides, a test that was skipped has proved nothing: the run is red."""
    if os.environ.get("CI") == "true" and _skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says why, beside the list of what was skipped."""
    if os.environ.get("CI") == "true" and _skipped(config):
        terminalreporter.write_line("CI=true: a skipped test is a failure", red=True)


def _skipped(config: pytest.Config) -> bool:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return bool(reporter and reporter.stats.get("skipped"))
