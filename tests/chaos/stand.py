"""What a run stands on: four PostgreSQL clusters, a broker, every service twice, the outside, and proxies between them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from chassis.delivery import topology
from deploy.machine import ports, user
from deploy.machine.child import Child, bare
from deploy.machine.folder import ROOT, Folder
from deploy.machine.trouble import Trouble
from deploy.servers.postgres import Postgres
from deploy.servers.rabbit import Rabbit
from deploy.system.environment import Environment
from deploy.system.system import System
from services import SERVICES
from tests.chaos import mail
from tests.chaos.broker4 import Rabbit4
from tests.chaos.supervisor import Supervisor

QUOTA, QUOTA_SERVICE = "192m", "notify"  # the small disk of one service's database, for faults of a full disk
SETTINGS = {
    "all": {"CLOCK_OFFSET": "true", "RETRY_SECONDS": "0.2,0.5,1,2"},
    "intake": {"LIMIT_SUBMISSIONS": "false", "ACCEPT_AUTOMATICALLY": "true"},
    "notify": {"SMS_WINDOW": "1", "GATEWAY": "http", "GATEWAY_REMEMBERS_KEYS": "true", "GATEWAY_SECONDS": "3"},
}


class Notes:
    """Files of JSON lines in the run's folder, each line with the outside's time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def write(self, file: str, **facts: Any) -> None:
        line = json.dumps({"at": datetime.now(UTC).isoformat(), **facts}, ensure_ascii=False)
        with self._lock, (self.path / f"{file}.jsonl").open("a", encoding="utf-8") as out:
            out.write(line + "\n")


class Proxies:
    """The proxy process and its links by name: `sla-postgres`, `sla-broker`, `gateway`."""

    def __init__(self, table: dict[str, int]) -> None:
        self.ports = {name: ports.free_port() for name in table}
        order = {name: [self.ports[name], behind] for name, behind in table.items()}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.proxy", json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self._lock = threading.Lock()
        self._answer()

    def turn(self, link: str, mode: str, seconds: float = 0.0) -> None:
        """Puts a link into a mode of tests.chaos.proxy."""
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps({"link": link, "mode": mode, "seconds": seconds}) + "\n")
            self._process.stdin.flush()
            self._answer()

    def _answer(self) -> None:
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise RuntimeError("the proxy ended")

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class Stand:
    """Everything of one run. `direct` are the databases' addresses past the proxies, for looking and for faults."""

    def __init__(self, folder: Folder, broker: type[Rabbit] = Rabbit) -> None:
        self.folder, self.path = folder, folder.path
        self.notes = Notes(self.path)
        self.failpoints = folder.made("failpoints", 0o777)
        self.clusters = {service: Postgres(Folder(self.path / f"postgres-{service}")) for service in SERVICES}
        self.rabbit = broker(folder)
        self.gateway = Child(folder, "gateway")
        self.subscriber = Child(folder, "subscriber")
        self.gateway_port = ports.free_port()
        self.quota = False

    def start(self) -> None:
        """All of it, from nothing to ready."""
        with ThreadPoolExecutor() as pool:
            waiting = [pool.submit(self._start_cluster, service) for service in SERVICES]
            waiting.append(pool.submit(self._start_broker))
            waiting.append(pool.submit(self.start_gateway))
            for each in waiting:
                each.result()
        self.direct = {service: self.clusters[service].service_url(service) for service in SERVICES}
        self.proxies = Proxies(self._links())
        self.system = System(self.folder, self._environment(), ports.free_port())
        for service in SERVICES:
            for kind in ("api", "worker"):
                self.system.processes.add(service, kind)
        self.system.start_doors()
        self.start_subscriber()
        self.system.start_workers()
        self.system.load_organisation()
        self.supervisor = Supervisor(self)
        self.supervisor.start()

    def _start_cluster(self, service: str) -> None:
        cluster = self.clusters[service]
        if service == QUOTA_SERVICE:
            self.quota = _mount(cluster.folder.path)
            cluster = self.clusters[service] = Postgres(Folder(cluster.folder.path))
        cluster.start()
        cluster.prepare()
        with cluster.administration() as cursor:
            cursor.execute("alter system set min_wal_size = '32MB'")
            cursor.execute("alter system set max_wal_size = '64MB'")
            cursor.execute("select pg_reload_conf()")

    def _start_broker(self) -> None:
        self.rabbit.start()
        self.apply_topology()

    def apply_topology(self) -> None:
        """What the operator does after a queue was lost."""
        topology.apply(self.rabbit.management, {name: self.rabbit.password(name) for name in topology.load().users})

    def start_gateway(self) -> None:
        command = ["-m", "tests.chaos.gateway", "--port", str(self.gateway_port)]
        self.gateway.start([sys.executable, *command, "--ledger", self.path / "sms.jsonl"], bare())
        self.gateway.wait_until(lambda: ports.answers(self.gateway_port), 15, "the gateway")

    def start_subscriber(self) -> None:
        command = ["-m", "tests.chaos.subscriber", "--ledger", self.path / "subscriber.jsonl"]
        command += ["--control", self.path / "subscriber.mode"]
        self.subscriber.start([sys.executable, *command], bare() | {"AMQP_URI": self.rabbit.uri("traffic")})

    def _links(self) -> dict[str, int]:
        amqp = self.rabbit.ports["amqp"]
        databases = {f"{service}-postgres": self.clusters[service].port for service in SERVICES}
        return databases | {f"{service}-broker": amqp for service in SERVICES} | {"gateway": self.gateway_port}

    def _environment(self) -> Environment:
        gateway = f"http://127.0.0.1:{self.proxies.ports['gateway']}/sms"
        settings = {name: dict(table) for name, table in SETTINGS.items()}
        settings["all"]["FAILPOINTS"] = str(self.failpoints)
        settings["notify"] |= {"GATEWAY_URL": gateway, "GATEWAY_LOOKUP_URL": gateway}
        return Environment(
            self.folder,
            databases={s: self._through(f"{s}-postgres", self.direct[s]) for s in SERVICES},
            brokers={s: self._through(f"{s}-broker", self.rabbit.uri(s)) for s in SERVICES},
            profile="dev",
            settings=settings,
        )

    def _through(self, link: str, url: str) -> str:
        parts = urlsplit(url)
        name = parts.netloc.rpartition(":")[0]
        return urlunsplit(parts._replace(netloc=f"{name}:{self.proxies.ports[link]}"))

    @contextmanager
    def database(self, service: str, autocommit: bool = True) -> Iterator[Any]:
        """A cursor past the proxy, as the service's own role."""
        connection = psycopg2.connect(self.direct[service], connect_timeout=5, application_name="chaos")
        try:
            connection.autocommit = autocommit
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def move_clock(self, service: str, shift: timedelta) -> None:
        """Sets how far a database's clock runs ahead, and writes it down."""
        with self.database(service) as cursor:
            cursor.execute("update clock_offset set shift = %s", (shift,))
        self.notes.write("clocks", service=service, shift_seconds=shift.total_seconds())

    def ballast(self, on: bool) -> None:
        """Fills the small disk to the last byte, or empties it again. Raises Trouble where there is none."""
        file = self.clusters[QUOTA_SERVICE].folder.path / "ballast"
        if not on:
            file.unlink(missing_ok=True)
            return
        if not self.quota:
            raise Trouble("no disk of its own: mounting one takes root")
        with suppress(OSError), file.open("wb", buffering=0) as out:
            while True:
                out.write(b"\0" * 65536)

    def undo(self) -> None:
        """Everything as it should be, whatever a fault that was broken off has left; then wait until all is ready."""
        self.supervisor.held.clear()
        for process in self.system.processes.all.values():
            if process.running:
                os.kill(process.pid, signal.SIGCONT)
        for link in self.proxies.ports:
            self.proxies.turn(link, "pass")
        self.ballast(False)
        (self.path / "subscriber.mode").write_text("normal")
        self._ready()
        mail.mode(self.gateway_port, "ok")
        self.rabbit.control("set_disk_free_limit", "50MB")
        self.rabbit.control("set_vm_memory_high_watermark", "absolute", "1GB")
        furthest = max(mail.shift(self, service) for service in SERVICES)
        for service in SERVICES:
            self.move_clock(service, furthest)

    def _ready(self, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while True:
            lacking = self.supervisor.dead() or [p.name for p in self.system.processes.all.values() if not p.ready()]
            if not lacking and self._servers_answer():
                return
            if time.monotonic() > deadline:
                raise Trouble(
                    f"not ready again {seconds:.0f} s after the last fault: {', '.join(lacking) or 'a server'}"
                )
            time.sleep(0.2)

    def _servers_answer(self) -> bool:
        try:
            for service in SERVICES:
                with self.database(service) as cursor:
                    cursor.execute("select 1")
            return bool(self.rabbit.api("GET", "/whoami"))
        except (psycopg2.OperationalError, OSError, Trouble):
            return False

    def close(self) -> None:
        """At once; nobody wants the servers any more."""
        with suppress(AttributeError):
            self.supervisor.stop()
            self.proxies.close()
            self.system.kill()
        for child in (self.gateway, self.subscriber, self.rabbit.child, self.rabbit.epmd):
            child.kill()
        for cluster in self.clusters.values():
            cluster.kill()
        if isinstance(self.rabbit, Rabbit4):
            self.rabbit.leave()
        _unmount(self.clusters[QUOTA_SERVICE].folder.path)


def _mount(path: Path) -> bool:
    """A small file system of its own below `path`; false without the right to mount one, and no disk is filled then."""
    path.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={QUOTA},mode=755", "lianxin-chaos", str(path)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    if mounted:
        user.give(path)
    return mounted


def _unmount(path: Path) -> None:
    for _ in range(20):
        if not path.is_mount() or subprocess.run(["umount", str(path)], capture_output=True).returncode == 0:
            return
        time.sleep(0.25)
