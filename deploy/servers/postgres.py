"""A PostgreSQL cluster of our own: data in our folder, 127.0.0.1 only, durable, one role and database per service."""

import os
import re
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import psycopg2

from deploy.machine import ports, user
from deploy.machine.child import Child
from deploy.machine.folder import Folder
from deploy.machine.trouble import Trouble
from services import SERVICES

CONFIG = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 150
shared_buffers = 128MB
fsync = on
synchronous_commit = on
full_page_writes = on
max_wal_size = 1GB
checkpoint_timeout = 5min
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
password_encryption = 'scram-sha-256'
"""


# What a server that nobody kills may do without: waiting for the disk.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """start() creates the cluster on first use; a restart keeps port and data. `settings` go before CONFIG."""

    def __init__(self, folder: Folder, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        self.folder, self.settings = folder, settings
        self.child = Child(folder, "postgres", signal.SIGINT)  # fast shutdown: does not wait for clients
        self.port: int = folder.recall("postgres") or ports.free_port()

    def start(self) -> None:
        """Start and wait until it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start without waiting."""
        programs, self.data = binaries(), self.folder.data("pg")
        if not (self.data / "PG_VERSION").exists():
            self._create(programs)
        if not self.child.running and not ports.is_free(self.port):
            self.port = ports.free_port()
        self.folder.remember("postgres", self.port)
        command: list[str | Path] = [programs / "postgres", "-D", self.data, "-p", str(self.port)]
        command += [f"--{name}={value}" for name, value in self.settings.items()]
        self.child.start(command, _env(), drop=True, cwd=Path("/"))

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until it answers, crash recovery included."""
        self.child.wait_until(self._answers, seconds, "PostgreSQL")

    def stop(self) -> None:
        """Fast shutdown."""
        self.child.stop(patience=20)

    def kill(self) -> None:
        """kill -9 of the server and all its back ends, as a crash of the machine would."""
        self.child.kill()

    def url(self, database: str = "postgres", role: str = "lianxin", password: str | None = None) -> str:
        """The address of a database, for a role whose password is kept in the secrets."""
        secret = password or self.folder.secret(f"database-{role}")
        return f"postgresql://{role}:{quote(secret, safe='')}@127.0.0.1:{self.port}/{quote(database)}"

    def service_url(self, service: str, database: str | None = None) -> str:
        """The address a service gets: its own role, by default in the database of its name."""
        return self.url(database or service, service)

    @contextmanager
    def administration(self, database: str = "postgres") -> Iterator[Any]:
        """A cursor of the superuser, outside a transaction."""
        connection = psycopg2.connect(self.url(database))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def prepare(self) -> None:
        """A role and a database for each service, nothing when they are there."""
        with self.administration() as cursor:
            for service in SERVICES:
                self._role(cursor, service)
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (service,))
                if cursor.fetchone() is None:
                    self._database(cursor, service, service)

    def create_database(self, name: str, service: str, template: str = "template0") -> str:
        """A new database owned by the service's role, a copy of `template`; its address for that role."""
        with self.administration() as cursor:
            self._database(cursor, name, service, template)
        return self.service_url(service, name)

    def drop_database(self, name: str) -> None:
        """Drop it, cutting off whoever is connected."""
        with self.administration() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _role(self, cursor: Any, service: str) -> None:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (service,))
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE ROLE "{service}" LOGIN PASSWORD %s', (self.folder.secret(f"database-{service}"),))
            cursor.execute(f"ALTER ROLE \"{service}\" SET idle_in_transaction_session_timeout = '10s'")

    def _database(self, cursor: Any, name: str, service: str, template: str = "template0") -> None:
        # FILE_COPY would force a checkpoint before and after each copy, which is slow with fsync on.
        cursor.execute(f'CREATE DATABASE "{name}" OWNER "{service}" TEMPLATE "{template}" STRATEGY WAL_LOG')
        cursor.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')

    def _create(self, programs: Path) -> None:
        password = self.data / ".password"
        password.write_text(self.folder.secret("database-lianxin"))
        user.give(password)
        cluster = self.data.with_name("pg.new")
        command = [programs / "initdb", "-D", cluster, "-U", "lianxin", "--pwfile", password, "--auth=scram-sha-256"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"]
        self._initdb([str(part) for part in command], cluster)

    def _initdb(self, command: list[str], cluster: Path) -> None:
        subprocess.run(["rm", "-rf", str(cluster)], check=True)
        cluster.mkdir(mode=0o700)
        user.give(cluster)
        done = subprocess.run(
            command,
            env=_env(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            **user.identity(),
        )
        if done.returncode:
            raise Trouble(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        with (cluster / "postgresql.conf").open("a") as config:
            config.write(CONFIG)
        (self.data / ".password").unlink()
        self.data.rmdir()
        cluster.rename(self.data)

    def _answers(self) -> bool:
        if not ports.answers(self.port):
            return False
        try:
            psycopg2.connect(self.url()).close()
        except psycopg2.OperationalError:
            return False
        return True


def binaries() -> Path:
    """The folder of the newest installed server programs; Trouble when there are none."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3].split(".")[0])
    )
    if not found:
        raise Trouble("PostgreSQL's server programs are missing; `make setup` installs them.")
    return found[-1].parent


def _env() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def without_password(url: str) -> str:
    """The address with its password left out, for people to read."""
    return re.sub(r"://([^:@/]+):[^@]*@", r"://\1@", url)


def new_name(service: str) -> str:
    """A database name nobody has."""
    return f"{service}_{secrets.token_hex(5)}"
