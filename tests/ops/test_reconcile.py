"""`make reconcile` and the two commands it is made of, beside a running system that lost messages."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery.broker import connect, drop
from deploy.machine.folder import ROOT
from deploy.system.reconcile import pairs, reconciled
from deploy.system.testbed import SystemUnderTest

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]
LETTER = {
    "kind": "help",
    "name": "张三",
    "mobile": "13800000001",
    "description": "地铁口的路灯坏了，晚上很暗。",
    "place": "地铁A口",
    "identity": "named",
}


def reconcile(system: SystemUnderTest, **variables: str) -> subprocess.CompletedProcess[str]:
    """`make reconcile`."""
    env = os.environ | {"RUN": str(system.folder.path), "WAIT": "1"} | variables
    command = [sys.executable, "-m", "deploy.system.reconcile"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)


def agree(system: SystemUnderTest) -> bool:
    return not any(result.differs for result in reconciled(system.environment, wait=0.5))


def service(system: SystemUnderTest, name: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"services.{name}", *arguments]
    env = system.environment.of(name)
    return subprocess.run(
        command, cwd=ROOT, env=env, input=stdin, capture_output=True, text=True, check=False, timeout=60
    )


def send(system: SystemUnderTest, count: int) -> set[str]:
    answers = [requests.post(f"{system.api('intake')}/cases", json=LETTER, timeout=10) for _ in range(count)]
    return {answer.json()["number"] for answer in answers}


def until(fact: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "the awaited fact never came"
        time.sleep(0.1)


def published(system: SystemUnderTest, numbers: set[str]) -> bool:
    """Whether intake has told of every letter, and of nothing else later."""
    database = Database(system.database("intake"), pool_size=1)
    with database.transaction() as tx:
        known = set(tx.execute(text("select subject from event_log where type = 'case.submitted'")).scalars())
        waiting = tx.execute(text("select count(*) from outbox")).scalar_one()
    database.close()
    return numbers <= known and not waiting


def lose(system: SystemUnderTest, queue: str, numbers: set[str]) -> set[str]:
    """Takes everything out of the queue; the subjects that were lost."""
    connection, taken = connect(system.vhost.uri("lianxin"), "test"), []
    connection.channel().basic_consume(queue, callback=lambda message: taken.append(message.headers), no_ack=True)
    while not numbers <= {headers.get("cloudEvents:subject") for headers in taken}:
        connection.drain_events(timeout=30)
    drop(connection)
    return numbers


def test_lost_messages_are_named_by_subject_and_the_printed_command_mends_it(system: SystemUnderTest) -> None:
    kept = send(system, 2)
    until(lambda: published(system, kept))
    until(lambda: agree(system))
    system.processes["sla-worker"].stop()
    lost = send(system, 3)
    until(lambda: published(system, lost))
    lose(system, "sla.inbox", lost)
    system.processes["sla-worker"].start()

    done = reconcile(system, JSON="1")
    found = {(r["producer"], r["reader"]): r for r in map(json.loads, done.stdout.splitlines())}
    assert (done.returncode, sorted(found)) == (1, sorted(pairs()))
    assert {each["subject"] for each in found["intake", "sla"]["differences"]} == lost
    assert [pair for pair, result in found.items() if result["differs"] and pair[1] != "sla"] == []
    for result in found.values():
        for command in result["remedy"]:
            _, _, module, *arguments = shlex.split(command)
            replayed = service(system, module.removeprefix("services."), *arguments)
            assert replayed.returncode == 0, replayed.stderr
    until(lambda: agree(system))


def test_the_screen_is_a_table_with_one_row_a_pair(system: SystemUnderTest) -> None:
    rows = [line.split() for line in reconcile(system).stdout.splitlines()]
    assert rows[0] == ["producer", "reader", "subjects", "behind", "missing", "ahead", "aside", "older"]
    assert {(row[0], row[1]) for row in rows[1:]} >= set(pairs())


def test_the_two_halves_are_commands_of_their_own_for_machines_apart(system: SystemUnderTest, tmp_path: Path) -> None:
    written = service(system, "intake", "reconcile", "--to", "notify")
    assert written.returncode == 0
    piped = service(system, "notify", "reconcile", "--from", "-", stdin=written.stdout)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.splitlines()[1].split()[:2] == ["intake", "notify"]
    (tmp_path / "intake").write_text(written.stdout.partition("\n")[0])
    cut = service(system, "notify", "reconcile", "--from", str(tmp_path / "intake"))
    assert (cut.returncode, cut.stdout) == (1, "")
    assert "cut off" in cut.stderr
    assert service(system, "sla", "reconcile", "--from", "-", stdin=written.stdout).stderr.startswith("nothing in it")
    assert service(system, "sla", "reconcile", "--json").returncode == 2


def test_what_differed_once_may_be_given_to_the_next_question(system: SystemUnderTest, tmp_path: Path) -> None:
    written = service(system, "intake", "reconcile", "--to", "notify").stdout
    first = service(system, "notify", "reconcile", "--from", "-", "--json", stdin=written).stdout
    (tmp_path / "first").write_text(first)
    again = service(system, "notify", "reconcile", "--from", "-", "--again", str(tmp_path / "first"), stdin=written)
    assert (again.returncode, again.stderr) == (0, "")
