"""The fault suite's gateway, subscriber and checker on a real running system: a sound run is judged sound."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.machine import ports
from deploy.system.testbed import Servers
from referee.evidence import lines
from referee.invariants.checker import check
from tests.e2e.town import Town
from tests.support.clock import move_clock

pytestmark = pytest.mark.long
WORKED_ON, LEFT_ALONE = 5, 2
A_DAY_LATER = timedelta(hours=25)


def note(run: Path, file: str, **facts: Any) -> None:
    with (run / f"{file}.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps({"at": datetime.now(UTC).isoformat(), **facts}) + "\n")


class Outside:
    """The gateway and the subscriber as processes, with their ledgers in the run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, ports.free_port()
        self.children: list[subprocess.Popen[bytes]] = []

    def start_gateway(self, run: Path) -> None:
        self._start("gateway", "--port", str(self.port), "--ledger", str(run / "sms.jsonl"))

    def start_subscriber(self, run: Path, uri: str) -> None:
        options = ("--ledger", str(run / "subscriber.jsonl"), "--control", str(run / "subscriber.mode"))
        self._start("subscriber", *options, environment={"AMQP_URI": uri})

    def _start(self, what: str, *options: str, environment: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", f"tests.chaos.{what}", *options]
        with (self.folder / f"{what}.log").open("ab") as log:
            self.children.append(subprocess.Popen(command, stderr=log, env=os.environ | (environment or {})))

    def stop(self) -> None:
        for child in self.children:
            child.kill()
            child.wait(5)


@pytest.fixture(scope="module")
def town(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Some letters are worked on, some left alone until their limits ran out; then all is at rest."""
    outside = Outside(tmp_path_factory.mktemp("outside"))
    gateway = f"http://127.0.0.1:{outside.port}/sms"
    told = {"GATEWAY": "http", "GATEWAY_URL": gateway, "GATEWAY_LOOKUP_URL": gateway, "GATEWAY_REMEMBERS_KEYS": "true"}
    system = servers.system({"intake": {"ACCEPT_AUTOMATICALLY": "true"}, "notify": {"SMS_WINDOW": "1", **told}})
    try:
        outside.start_gateway(system.folder.path)
        outside.start_subscriber(system.folder.path, system.vhost.uri("traffic"))
        made = Town(system)
        play(made)
        yield made
        made.close()
    finally:
        outside.stop()
        system.close()


def play(town: Town) -> None:
    run = town.system.folder.path
    never_acks(town, True)
    town.write(WORKED_ON)
    officers = town.officers()
    officers.start()
    town.until(lambda: town.books.states().get("closed", 0) == WORKED_ON)
    officers.stop()
    never_acks(town, False)
    numbers = town.write(LEFT_ALONE)
    town.until(lambda: town.books.one("sla", "select count(distinct number) from clocks") == WORKED_ON + LEFT_ALONE)
    assert len(numbers) == LEFT_ALONE
    town.rest()
    for service, database in town.databases.items():
        move_clock(database, A_DAY_LATER)
        note(run, "clocks", service=service, shift_seconds=A_DAY_LATER.total_seconds())
    town.until(lambda: bool(town.books.one("sla", "select count(*) > 0 from firings where stage = 'breached'")))
    town.rest()


def never_acks(town: Town, on: bool) -> None:
    (town.system.folder.path / "subscriber.mode").write_text("never_acks" if on else "normal")


def heard(town: Town) -> int:
    return len(list(lines(town.system.folder.path / "subscriber.jsonl")))


@pytest.mark.timeout(300)
def test_a_sound_run_is_judged_sound(town: Town) -> None:
    town.until(lambda: heard(town) >= 2 * WORKED_ON)
    town.until(lambda: town.system.vhost.rabbit is not None and unread(town) == 0)
    found = check(town.system.folder.path, town.urls)
    assert found["findings"] == []
    assert (found["cases"], found["lost"], found["doubled_sms"]) == (WORKED_ON + LEFT_ALONE, 0, 0)
    assert found["alerts"] > 0 and found["sms"] > WORKED_ON and found["longest_lateness_seconds"] < 15


def unread(town: Town) -> int:
    """Messages the subscriber has not acknowledged yet, by the broker's own count of the vhost."""
    rabbit, name = town.system.vhost.rabbit, town.system.vhost.name
    found = rabbit.api("GET", f"/queues/{name}/sub.traffic?disable_stats=true&enable_queue_totals=true")
    return int(found.get("messages", 0))


@pytest.mark.timeout(300)
def test_an_sms_the_gateway_delivered_twice_is_found(town: Town) -> None:
    ledger = town.system.folder.path / "sms.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + whole.splitlines(keepends=True)[0])
    assert check(town.system.folder.path, town.urls)["violations"] == {"I5": 1}
    ledger.write_bytes(whole)


@pytest.mark.timeout(300)
def test_an_event_the_subscriber_lost_is_found(town: Town) -> None:
    ledger = town.system.folder.path / "subscriber.jsonl"
    whole = ledger.read_bytes()
    ledger.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    assert check(town.system.folder.path, town.urls)["violations"] == {"I1": 1}
    ledger.write_bytes(whole)
