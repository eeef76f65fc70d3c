"""The servers a running system stands on: our own, or those given as DATABASE_URL_<SERVICE> and AMQP_URI_<SERVICE>."""

import os
from collections.abc import Iterable, Mapping

from chassis.delivery import topology
from deploy.machine.child import stop_orphans
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from deploy.servers import given as check
from deploy.servers.postgres import Postgres
from deploy.servers.rabbit import Rabbit
from deploy.system.environment import Environment
from services import SERVICES


class Servers:
    """`postgres` and `rabbit` are None where all four addresses were given."""

    def __init__(self, folder: Folder, given: Mapping[str, str] = os.environ) -> None:
        self.folder = folder
        self.orphans = stop_orphans(folder)
        self.databases = _given(given, "DATABASE_URL")
        self.brokers = _given(given, "AMQP_URI")
        self.management = given.get("MANAGEMENT_URI")
        self.postgres = Postgres(folder) if len(self.databases) < len(SERVICES) else None
        self.rabbit = Rabbit(folder) if len(self.brokers) < len(SERVICES) else None

    def launch(self) -> None:
        """Start both servers without waiting."""
        for server in (self.postgres, self.rabbit):
            if server is not None:
                server.launch()

    def ready_databases(self) -> None:
        """Wait for the databases; check the given ones."""
        _refuse(line for service, url in self.databases.items() for line in check.database(service, url))
        if self.postgres is not None:
            self.postgres.wait()
            self.postgres.prepare()

    def ready_broker(self) -> None:
        """Wait for the broker and bring it to the topology; check the given ones."""
        passwords = {}
        if self.rabbit is not None:
            self.rabbit.wait()
            passwords = {user: self.rabbit.password(user) for user in topology.load().users}
        management = self.rabbit.management if self.rabbit is not None else self.management
        if management is not None:
            topology.apply(management, passwords)
        _refuse(
            line
            for service, uri in self.brokers.items()
            for line in check.broker(service, uri, [f"{service}.inbox"], [f"{service}.events"])
        )

    def environment(self, profile: str, settings: Mapping[str, Mapping[str, str]] | None = None) -> Environment:
        """The table of what each process is told."""
        databases, brokers = dict(self.databases), dict(self.brokers)
        for service in SERVICES:
            if self.postgres is not None:
                databases.setdefault(service, self.postgres.service_url(service))
            if self.rabbit is not None:
                brokers.setdefault(service, self.rabbit.uri(service))
        return Environment(self.folder, databases, brokers, profile, settings or {})

    def restart_dead(self) -> list[str]:
        """Start again what ended by itself; the names."""
        dead = [
            s
            for s in (self.postgres, self.rabbit)
            if s is not None and s.child.process is not None and not s.child.running
        ]
        for server in dead:
            server.start()
        return [server.child.name for server in dead]

    def stop(self) -> None:
        """Orderly, the broker first: it takes longer."""
        for server in (self.rabbit, self.postgres):
            if server is not None:
                server.stop()


def _given(env: Mapping[str, str], name: str) -> dict[str, str]:
    return {s: env[f"{name}_{s.upper()}"] for s in SERVICES if env.get(f"{name}_{s.upper()}")}


def _refuse(lines: Iterable[str]) -> None:
    if found := list(lines):
        raise Trouble("\n".join(found))
