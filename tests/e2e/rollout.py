"""A system of the last release, rolled out to today's code and back, one replica after the other, while people work."""

import json
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from urllib3.exceptions import ProtocolError

from chassis import migrations
from chassis.delivery import topology
from deploy.demo.door import Answer, Door, NoAnswer
from deploy.machine.child import bare
from deploy.machine.folder import ROOT, Folder
from deploy.servers import postgres
from deploy.system.environment import Environment
from deploy.system.processes import Process
from deploy.system.system import ORGANISATION, revisions
from deploy.system.testbed import TEST_SETTINGS, Servers, SystemUnderTest, Vhost
from services import SERVICES
from tests.e2e.town import Town

SETTINGS = {
    "all": {**TEST_SETTINGS["all"], "RETRY_SECONDS": "0.2,0.2,0.2,0.2"},
    "intake": {**TEST_SETTINGS["intake"], "ACCEPT_AUTOMATICALLY": "true"},
    "notify": {"SMS_WINDOW": "1"},
}
SUBSCRIBER = ROOT / "deploy" / "demo" / "subscriber.py"
EVERY_SECONDS = 0.4


class WatchedDoor(Door):
    """Notes every answer that no caller may get, whatever is being replaced behind the origin."""

    EXPECTED = frozenset({403, 404, 409, 412, 422})  # who asks, and when, is no matter of a rollout

    def __init__(self, origin: str) -> None:
        super().__init__(origin)
        self.answered, self.wrong = 0, []  # type: ignore[var-annotated]

    def _ask(self, method: str, path: str, body: bytes | None, token: str | None, extra: Mapping[str, str]) -> Answer:
        try:
            answer = self._ask_as_browsers_do(method, path, body, token, extra)
        except NoAnswer as error:
            self.wrong.append(f"{method} {path}: {error}")
            raise
        self.answered += 1
        if not answer.ok and answer.status not in self.EXPECTED:
            self.wrong.append(f"{method} {path}: {answer.status} {answer.code}")
        return answer

    def _ask_as_browsers_do(self, method: str, *request: Any) -> Answer:
        """nginx closes its idle connections when it reloads, and a request may meet that moment. What may be asked twice,
        every browser then asks once more on a new connection (RFC 9110, 9.2.2)."""
        try:
            return super()._ask(method, *request)
        except NoAnswer as error:
            if method != "GET" or not isinstance(error.__cause__, ProtocolError):
                raise
            return super()._ask(method, *request)


class Rollout:
    """`old` is the last release's code. Everything starts as that release left it: its schema, topology, processes."""

    def __init__(self, servers: Servers, old: Path) -> None:
        self.servers, self.old = servers, old
        self.count = 1
        folder = Folder(tempfile.mkdtemp(prefix="rollout-", dir=servers.folder.path))
        folder.path.chmod(0o755)
        vhost = self._vhost()
        databases = {service: self._database(service) for service in SERVICES}
        brokers = {service: vhost.uri(service) for service in SERVICES}
        environment = Environment(folder, databases, brokers, profile="dev", settings=SETTINGS)
        self.system = SystemUnderTest(folder, environment, servers, vhost)
        for process in self.system.processes.all.values():
            process.root = old

    def _database(self, service: str) -> str:
        url = self.servers.postgres.create_database(postgres.new_name(service), service)
        migrations.upgrade(url, self.old / "services" / service / "migrations")
        return url

    def _vhost(self) -> Vhost:
        vhost = Vhost(f"test-{secrets.token_hex(5)}", self.servers.rabbit)
        self.servers.rabbit.create_vhost(vhost.name)
        self._apply(vhost, topology.load(self.old / "contracts" / "topology.json"))
        return vhost

    def _apply(self, vhost: Vhost, wanted: topology.Topology) -> None:
        passwords = {user: self.servers.rabbit.password(user) for user in wanted.users}
        topology.apply(self.servers.rabbit.management, passwords, vhost.name, wanted)

    def start(self) -> None:
        """The last release, running; and the people, at work."""
        self.system.environment.keep()
        doors = self.system.processes.of_kind("api")
        self.system.processes.launch(doors)
        self.system.origin.start()
        self.system.processes.wait(doors)
        self.system.start_workers()
        for what in ("organisation", "duties", "directory"):
            self._operator("dispatch", what, "load", str(ORGANISATION / f"{what}.demo.json"))
        self.town = Town(self.system)
        self.town.door = self.town.residents.door = self.door = WatchedDoor(self.system.url)
        self.officers = self.town.officers()
        self.officers.start()
        self._listen()
        self._stopping = threading.Event()
        self._writing = threading.Thread(target=self._write, daemon=True)
        self._writing.start()

    def _operator(self, service: str, *arguments: str) -> None:
        """An operator's command of the last release."""
        command = [sys.executable, "-m", f"services.{service}", *arguments]
        subprocess.run(command, env=self.system.environment.of(service), cwd=self.old, check=True, capture_output=True)

    def _write(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            self.town.write(1)

    def _listen(self) -> None:
        """A system of the city, which is not told of any rollout."""
        self.record = self.system.folder.path / "traffic.jsonl"
        env = bare() | {"AMQP_URI": self.system.vhost.uri("traffic"), "RECORD": str(self.record)}
        self.traffic = subprocess.Popen(
            [sys.executable, str(SUBSCRIBER)], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def prepare(self) -> None:
        """What comes first: the databases' new revisions and the new topology, beneath the running old code."""
        for service in SERVICES:
            migrations.upgrade(self.system.database(service), revisions(service))
        self._apply(self.system.vhost, topology.load())

    def roll(self, kind: str, code: Path) -> None:
        """Each service's process of this kind replaced: the new one is ready before the old one is asked to go."""
        for service in SERVICES:
            old = next(p for p in self.system.processes.of_kind(kind) if p.service == service)
            self._replace(old, self._beside(old, code))

    def _beside(self, old: Process, code: Path) -> Process:
        self.count += 1
        folder, environment = self.system.folder, self.system.environment
        new = Process(folder, environment, old.service, old.kind, self.count, code)
        self.system.processes.all[new.name] = new
        new.start()
        if old.kind == "api":
            self.system.origin.reload()
        self.hear_of(2)
        return new

    def _replace(self, old: Process, new: Process) -> None:
        del self.system.processes.all[old.name]
        if old.kind == "api":
            self.system.origin.reload()
            self.hear_of(1)
        old.stop()
        assert old.code == 0, f"{old.name} ended with {old.code}"
        assert new.ready()
        self.hear_of(2)

    def hear_of(self, letters: int) -> None:
        """Returns once so many letters more were taken in, and every service knows them."""
        before = len(self.town.residents.posted)
        self.town.until(lambda: len(self.town.residents.posted) >= before + letters)
        numbers = [each.number for each in self.town.residents.posted[before : before + letters]]
        for service in ("dispatch", "sla", "notify"):
            self.town.until(lambda service=service: self._known(service, numbers) == letters)  # type: ignore[misc]

    def _known(self, service: str, numbers: list[str | None]) -> int:
        statement = "select count(*) from cases where number = any(%(numbers)s)"
        return int(self.town.books.one(service, statement, numbers=numbers))

    def finish(self) -> None:
        """No new letter; the officers finish every case, and nothing moves any more."""
        self._stopping.set()
        self._writing.join(30)
        open_ = "select count(*) from cases where state not in ('closed', 'refused')"
        self.town.until(lambda: self.town.books.one("dispatch", open_) == 0, 120)
        self.officers.stop()
        self.town.rest()

    def out_of_order(self) -> list[str]:
        """Events whose number does not rise within their subject: in the logs, and as the outside heard them first."""
        found = []
        for service in SERVICES:
            rows = self.town.books.rows(service, "select subject, epoch, seq from event_log order by position")
            found += [f"{service}: {about}" for about in _falling((s, (e, n)) for s, e, n in rows)]
        lines = [json.loads(line)["headers"] for line in self.record.read_text(encoding="utf-8").splitlines()]
        first = dict.fromkeys(((h["source"], h["subject"]), (int(h["epoch"]), int(h["sequence"]))) for h in lines)
        return found + [f"outside: {about}" for about in _falling(first)]

    def close(self) -> None:
        """At once."""
        if hasattr(self, "traffic"):
            self.traffic.kill()
            self.traffic.wait()
            self._stopping.set()
            self.town.residents.stop()
            self.officers.stop()
            self._writing.join(30)
            self.town.close()
        self.system.close()


def _falling(events: Any) -> list[str]:
    newest: dict[Any, Any] = {}
    found = []
    for about, place in events:
        if place <= newest.get(about, (0, 0)):
            found.append(f"{about} {place}")
        newest[about] = place
    return found
