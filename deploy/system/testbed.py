"""Servers of a test session: started when first asked for, never those of a running system, gone afterwards."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chassis import migrations
from chassis.delivery import topology
from deploy.machine import ports
from deploy.machine.child import alive, born, stop_orphans
from deploy.machine.folder import ROOT, Folder
from deploy.servers.postgres import NOT_DURABLE, Postgres
from deploy.servers.rabbit import Rabbit
from deploy.system import database_pool
from deploy.system.database_pool import DatabasePool
from deploy.system.environment import Environment
from deploy.system.system import System
from services import SERVICES

PREFIX = "lianxin-test-"
TEST_SETTINGS = {
    "all": {"CLOCK_OFFSET": "true"},
    "intake": {"LIMIT_SUBMISSIONS": "false"},  # every letter of a test comes from the same address
}


@dataclass(frozen=True)
class Vhost:
    """A fresh vhost with the topology applied and the services' users allowed in."""

    name: str
    rabbit: Rabbit

    def uri(self, user: str) -> str:
        """The AMQP address for a service's user, or for `lianxin`, who may do everything."""
        return self.rabbit.uri(user, self.name)


class Servers:
    """Databases and vhosts by the piece, on one cluster and one broker; `durable`: the cluster waits for the disk."""

    def __init__(self, folder: Folder, *, durable: bool = True) -> None:
        self.folder, self.durable = folder, durable
        self._pools: dict[str, DatabasePool] = {}

    @cached_property
    def postgres(self) -> Postgres:
        """The cluster; started on first use."""
        server = Postgres(self.folder, {} if self.durable else NOT_DURABLE)
        server.start()
        server.prepare()
        return server

    @cached_property
    def rabbit(self) -> Rabbit:
        """The broker; started on first use."""
        server = Rabbit(self.folder)
        server.start()
        return server

    def database(self, service: str) -> str:
        """The address of a database of that service, migrated, as fresh; for the service's own role."""
        return self.pool(service, service, lambda url: migrate(url, service)).borrow()

    def pool(self, kind: str, role: str, fill: Callable[[str], None]) -> DatabasePool:
        """Databases of another kind; `fill` makes the first, given its address."""
        if kind not in self._pools:
            self._pools[kind] = DatabasePool(self.postgres, kind, role, fill)
        return self._pools[kind]

    def give_back(self, url: str) -> None:
        """The database is emptied for whoever asks next; whoever is still connected is cut off."""
        pool = self._pools.get(database_pool.kind_of(url))
        if pool is None:  # made by the test itself, as the last release would have made it
            self.drop_database(url)
        else:
            pool.give_back(url)

    def renew(self, url: str) -> None:
        """Empty it at once, for the same borrower; idle connections stay. AlteredDatabase if more than rows changed."""
        self._pools[database_pool.kind_of(url)].renew(url)

    def drop_database(self, url: str) -> None:
        """For one that is not to be used again."""
        self.postgres.drop_database(database_pool.name_of(url))

    def vhost(self) -> Vhost:
        """A new vhost as `make run` would have it."""
        name = f"test-{secrets.token_hex(5)}"
        self.rabbit.create_vhost(name)
        passwords = {user: self.rabbit.password(user) for user in topology.load().users}
        topology.apply(self.rabbit.management, passwords, name)
        return Vhost(name, self.rabbit)

    def drop_vhost(self, vhost: Vhost) -> None:
        """Drop it with its queues; connections to it are closed."""
        self.rabbit.drop_vhost(vhost.name)

    def system(self, settings: Mapping[str, Mapping[str, str]]) -> "SystemUnderTest":
        """A whole running system on fresh databases and a fresh vhost, with a clock that may be moved."""
        folder = Folder(tempfile.mkdtemp(prefix="system-", dir=self.folder.path))
        folder.path.chmod(0o755)
        vhost = self.vhost()
        environment = Environment(
            folder,
            databases={service: self.database(service) for service in SERVICES},
            brokers={service: vhost.uri(service) for service in SERVICES},
            profile="dev",
            settings=_merged(TEST_SETTINGS, settings),
        )
        system = SystemUnderTest(folder, environment, self, vhost)
        try:
            system.start_doors()
            system.start_workers()
            system.load_organisation()
        except BaseException:
            system.close()
            raise
        return system

    def close(self) -> None:
        """Stop at once: nobody wants the data."""
        for name in ("rabbit", "postgres"):
            if server := self.__dict__.get(name):
                server.kill()
        if rabbit := self.__dict__.get("rabbit"):
            rabbit.epmd.kill()


class SystemUnderTest(System):
    """A system under test: `vhost` and `servers` are what it stands on."""

    def __init__(self, folder: Folder, environment: Environment, servers: Servers, vhost: Vhost) -> None:
        super().__init__(folder, environment, ports.free_port())
        self.servers, self.vhost = servers, vhost

    def database(self, service: str) -> str:
        """The address of the service's database, for looking into it."""
        return self.environment.databases[service]

    def close(self) -> None:
        """Stop at once and drop what it stood on."""
        self.kill()
        for url in self.environment.databases.values():
            self.servers.give_back(url)
        self.servers.drop_vhost(self.vhost)


def migrate(url: str, service: str) -> None:
    """To the newest revision of the service's database."""
    migrations.upgrade(url, ROOT / "services" / service / "migrations")


def _merged(*tables: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    merged: dict[str, dict[str, str]] = {}
    for table in tables:
        for service, settings in table.items():
            merged.setdefault(service, {}).update(settings)
    return merged


@contextmanager
def folder() -> Iterator[Folder]:
    """A folder of this session under the temporary folder; what killed sessions left there is stopped and removed."""
    _sweep()
    path = Path(tempfile.mkdtemp(prefix=PREFIX))
    path.chmod(0o755)  # the servers run as another user when called by root
    (path / "holder").write_text(f"{os.getpid()} {born(os.getpid())}")
    try:
        yield Folder(path)
    finally:
        _remove(path)


def _sweep() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        holder = path / "holder"
        if path.owner() == Path("/proc/self").owner() and holder.exists():
            pid, _, since = holder.read_text().partition(" ")
            if not alive(int(pid), since):
                _remove(path)


def _remove(path: Path) -> None:
    for children in path.rglob("children"):
        stop_orphans(Folder(children.parent), patience=0)
    shutil.rmtree(path, ignore_errors=True)
