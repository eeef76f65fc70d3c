"""Fault F18: one service's database is set back while the others went on. The drill of docs/runbooks/restored-database.md,
by its commands only, once for each of a reader with clocks, a producer in the middle, and the giver of case numbers.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from urllib.parse import quote

import pytest

from chassis.delivery.envelope import source_of
from deploy.machine.folder import ROOT
from services import SERVICES
from tests.support.driver import LETTER, People, Receipt, until

SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}, "notify": {"SMS_WINDOW": "1"}}
UNIT = "C01"
EARLY = "2026-01-01T00:00+08:00"
pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]


def make(people: People, module: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """One of the operator's make targets, on the databases of the system under test."""
    system = people.system
    env = {f"DATABASE_URL_{service.upper()}": url for service, url in system.environment.databases.items()}
    env |= {"RUN": str(system.folder.path), "BACKUPS": str(system.folder.path / "backups"), **variables}
    return subprocess.run(
        [sys.executable, "-m", f"deploy.{module}"],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def back_up(people: People) -> None:
    done = make(people, "backup.backup")
    assert done.returncode == 0, done.stderr


def stop(people: People, service: str) -> None:
    for kind in ("worker", "api"):
        people.system.processes[f"{service}-{kind}"].stop()


def set_back(people: People, service: str) -> str:
    """Stops a service and restores its database from the newest backup; what the command says."""
    stop(people, service)
    people.databases[service].close()  # the test's own eyes are sessions too
    done = make(people, "backup.restore", SERVICE=service)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refuses_to_start(people: People, service: str) -> bool:
    """Whether the worker ends by itself and says what is to be done."""
    worker = people.system.processes[f"{service}-worker"]
    worker.launch()
    until(lambda: not worker.running, f"the worker of {service} ends", 60)
    return worker.code != 0 and "was restored or moved" in worker.child.tail(60)


def give_again_what_it_had_read(people: People, service: str) -> None:
    """Steps 2 to 4 of the runbook."""
    system, queue = people.system, f"{service}.inbox"
    producers = sorted({producer for producer, _ in importlib.import_module(f"services.{service}.events").READS})
    vhost = quote(system.vhost.name, safe="")
    system.vhost.rabbit.api("DELETE", f"/queues/{vhost}/{queue}")  # rabbitmqctl delete_queue
    for producer in producers:
        until(lambda p=producer: queue in halted(people, p), f"{producer} stands still for {queue}")
    apply_topology(people)
    for producer in producers:
        system.command(producer, "replay", "--to", service, "--since", EARLY)


def halted(people: People, service: str) -> list[str]:
    """What `status` shows under `halted`; it ends with 1 then, as there is something to be done."""
    command = [sys.executable, "-m", f"services.{service}", "status", "--json"]
    env = people.system.environment.of(service)
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    return list(json.loads(done.stdout)["halted"])


def apply_topology(people: People) -> None:
    rabbit = people.system.vhost.rabbit
    env = {"MANAGEMENT_URI": rabbit.management, "VHOST": people.system.vhost.name}
    env |= {f"BROKER_PASSWORD_{service.upper()}": rabbit.password(service) for service in SERVICES}
    command = [sys.executable, "-m", "chassis.delivery.topology", "apply"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def accept(people: People, service: str) -> None:
    """Step 5 of the runbook: the epoch rises, and the service starts."""
    assert "are now numbered in epoch 2" in people.system.command(service, "restored")
    for kind in ("api", "worker"):
        process = people.system.processes[f"{service}-{kind}"]
        if not process.running:
            process.start()


def knows(people: People, service: str, *receipts: Receipt) -> bool:
    numbers = {row["number"] for row in people.rows(service, "select number from cases")}
    return {receipt.number for receipt in receipts} <= numbers


def unread(people: People) -> list[str]:
    """Events in a producer's log that a reader bound to them has not reached, compared as (epoch, seq)."""
    found = []
    for reader in SERVICES:
        reads = importlib.import_module(f"services.{reader}.events").READS
        for producer in sorted({producer for producer, _ in reads}):
            types = [type_ for of, type_ in reads if of == producer]
            seen = {
                row["subject"]: (row["epoch"], row["last_seq"])
                for row in people.rows(
                    reader, "select * from seen where source = :source", source=source_of("xinan", producer)
                )
            }
            found += [
                f"{reader} has not read {row['type']} {row['epoch']}/{row['seq']} of {row['subject']}"
                for row in people.rows(producer, "select * from event_log where type = any(:types)", types=types)
                if seen.get(row["subject"], (0, 0)) < (row["epoch"], row["seq"])
            ]
    return found


def epochs(people: People, service: str, case: str) -> set[int]:
    """Of the events a service published about a case."""
    return {each.row["epoch"] for each in people.events(service) if each.case == case}


def read_in(people: People, reader: str, producer: str, case: str) -> int:
    """The epoch a reader has reached of one case."""
    question = "select epoch from seen where source = :source and subject = :case"
    [row] = people.rows(reader, question, source=source_of("xinan", producer), case=case)
    return int(row["epoch"])


def lost(said: str) -> Mapping[str, str]:
    """What the restore named as lost: by subject."""
    lines = [line.removeprefix("LOST  ") for line in said.splitlines() if line.startswith("LOST  ")]
    return dict(line.split(": ", 1) for line in lines)


def told_twice(people: People) -> set[str]:
    """Cases of which somebody was told the same thing more than once."""
    doubled = """
        select distinct case_number from messages
        group by case_number, template, recipient having count(*) > 1
    """
    return {row["case_number"] for row in people.rows("notify", doubled)}


def handed_out(people: People, receipt: Receipt) -> None:
    people.wait_for("dispatch", "case.dispatched", receipt.number)


def test_sla_set_back_knows_every_case_again_and_its_clocks_run(people: People) -> None:
    before = people.submit()
    handed_out(people, before)
    people.settle()
    back_up(people)
    people.acknowledge(before.number, UNIT)
    people.contact(before.number, UNIT)
    after = people.submit()
    handed_out(people, after)
    people.settle()
    said = set_back(people, "sla")
    assert after.number in lost(said) and "not known here at all" in lost(said)[after.number]
    during = people.submit()
    handed_out(people, during)

    assert refuses_to_start(people, "sla")
    give_again_what_it_had_read(people, "sla")
    accept(people, "sla")

    until(lambda: knows(people, "sla", before, after, during), "sla knows every case")
    people.settle()
    assert unread(people) == []
    assert told_twice(people) <= set(lost(said))
    assert epochs(people, "sla", after.number) == epochs(people, "sla", during.number) == {2}
    assert read_in(people, "intake", "sla", after.number) == 2
    contacted = "select contacted_at is not null as contacted, state from cases where number = :number"
    assert people.rows("sla", contacted, number=before.number)[0]["contacted"]
    running = "select count(*) as count from clocks where number = :number and next_at is not null"
    assert people.rows("sla", running, number=after.number)[0]["count"] > 0


def test_dispatch_set_back_hands_out_again_and_officers_steps_are_named_as_lost(people: People) -> None:
    before = people.submit()
    handed_out(people, before)
    people.settle()
    back_up(people)
    people.acknowledge(before.number, UNIT)
    people.contact(before.number, UNIT)
    after = people.submit()
    handed_out(people, after)
    people.settle()
    doubled = told_twice(people)
    told = set_back(people, "dispatch")
    assert set(lost(told)) == {before.number, after.number}
    assert "known up to event 2;" in lost(told)[before.number]
    during = people.submit()

    assert refuses_to_start(people, "dispatch")
    give_again_what_it_had_read(people, "dispatch")
    accept(people, "dispatch")

    until(lambda: knows(people, "dispatch", before, after, during), "dispatch knows every case")
    people.settle()
    assert epochs(people, "dispatch", after.number) == epochs(people, "dispatch", during.number) == {2}
    people.acknowledge(before.number, UNIT)  # the step that was lost, taken again
    people.contact(before.number, UNIT)
    people.settle()
    assert unread(people) == []
    assert told_twice(people) <= doubled | set(lost(told))
    assert epochs(people, "dispatch", before.number) == {1, 2}
    assert {read_in(people, reader, "dispatch", before.number) for reader in ("intake", "sla")} == {2}
    assert people.progress(before)["state"] == "handling"


def test_intake_set_back_never_gives_a_number_out_again(people: People) -> None:
    before = people.submit()
    handed_out(people, before)
    people.settle()
    back_up(people)
    gone = people.submit()
    handed_out(people, gone)
    people.settle()
    doubled = told_twice(people)
    told = set_back(people, "intake")
    assert set(lost(told)) == {gone.number}

    door = people.system.processes["intake-api"]
    door.start()
    answer = people.http.post(f"{people.system.api('intake')}/cases", json=dict(LETTER), timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (503, "numbers_unsafe")
    assert refuses_to_start(people, "intake")
    give_again_what_it_had_read(people, "intake")
    accept(people, "intake")

    new = [people.submit() for _ in range(3)]
    for receipt in new:
        handed_out(people, receipt)
    people.settle()
    assert unread(people) == []
    assert told_twice(people) <= doubled | set(lost(told))
    assert gone.number not in {receipt.number for receipt in new}
    assert all(knows(people, service, before, *new) for service in ("intake", "dispatch", "sla", "notify"))
    assert knows(people, "dispatch", gone) and not knows(people, "intake", gone)
    assert people.progress(before)
