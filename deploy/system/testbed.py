"""Servers of a test session: started when first asked for, never those of a running system, gone afterwards."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from chassis import migrations
from chassis.delivery import topology
from deploy.machine import ports
from deploy.machine.child import alive, born, stop_orphans
from deploy.machine.folder import ROOT, Folder
from deploy.servers import postgres
from deploy.servers.postgres import Postgres
from deploy.servers.rabbit import Rabbit
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
    """Databases and vhosts by the piece, on one cluster and one broker."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._templates: dict[str, str] = {}

    @cached_property
    def postgres(self) -> Postgres:
        """The cluster; started on first use."""
        server = Postgres(self.folder)
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
        """The address of a new database of that service, migrated; for the service's own role."""
        url = self.postgres.create_database(postgres.new_name(service), service, self._template(service))
        self._settle(url)
        return url

    def _settle(self, url: str) -> None:
        """A copied database is another place than its template, which its producer would notice."""
        with self.postgres.administration(urlsplit(url).path.lstrip("/")) as cursor:
            cursor.execute(
                "UPDATE producer SET written = pg_current_xact_id(),"
                " database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )

    def drop_database(self, url: str) -> None:
        """Drop it, cutting off whoever is connected."""
        self.postgres.drop_database(urlsplit(url).path.lstrip("/"))

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

    def _template(self, service: str) -> str:
        if service not in self._templates:
            url = self.postgres.create_database(f"template_{service}", service)
            migrations.upgrade(url, ROOT / "services" / service / "migrations")
            self._templates[service] = f"template_{service}"
        return self._templates[service]


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
            self.servers.drop_database(url)
        self.servers.drop_vhost(self.vhost)


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
