"""What notify and intake keep of others' events, folded again beside a running system: the same, and nobody is told."""

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from deploy.machine.folder import ROOT
from deploy.system.testbed import SystemUnderTest
from tests.support.driver import People

SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}, "notify": {"SMS_WINDOW": "1"}}
pytestmark = [pytest.mark.long, pytest.mark.timeout(360)]
READS = {"notify": ("intake", "dispatch", "sla"), "intake": ("dispatch", "sla")}
KEPT = {"notify": ("cases", "units", "posts"), "intake": ("progress",)}
ACTED = {
    "notify": ("messages", "sms", "letters", "windows", "event_log", "seen"),
    "intake": ("cases", "event_log", "seen"),
}


def command(
    system: SystemUnderTest, service: str, *arguments: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"services.{service}", *arguments],
        cwd=ROOT,
        env=system.environment.of(service),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def exported(system: SystemUnderTest, reader: str) -> str:
    parts = [command(system, producer, "export", "--to", reader) for producer in READS[reader]]
    assert [part.returncode for part in parts] == [0] * len(parts)
    return "".join(part.stdout for part in parts)


def rows(people: People, service: str, tables: tuple[str, ...]) -> dict[str, list[Any]]:
    with people.databases[service].transaction() as tx:
        return {
            table: sorted(str(tuple(row)) for row in tx.execute(text(f"select to_jsonb(t) from {table} t")))
            for table in tables
        }


def spoil(people: People, service: str, *statements: str) -> None:
    with people.databases[service].transaction() as tx:
        for statement in statements:
            tx.execute(text(statement))


def submitted(people: People, **changes: Any) -> str:
    """A letter that was dispatched to C01 by the rule."""
    number = people.submit(**changes).number
    people.wait_for("dispatch", "case.dispatched", number)
    return number


@pytest.fixture(scope="module")
def lives(people: People) -> dict[str, str]:
    """A closed case, one that is red with a letter signed, one of somebody unknown, one about a unit."""
    closed, late = submitted(people), submitted(people)
    people.acknowledge(closed, "C01")
    people.contact(closed, "C01")
    people.reply(closed, "C01")
    people.close_case(closed)
    unknown = people.submit(identity="anonymous", name=None, mobile=None).number
    people.settle()
    people.be_ahead(timedelta(hours=25))
    people.wait_for("notify", "letter.proposed", late)
    people.sign(people.letter(late)["id"])
    people.settle()
    return {"closed": closed, "late": late, "unknown": unknown}


SPOILT = {
    "notify": (
        "delete from cases where number in (select number from cases order by number limit 2)",
        "update cases set sla = '{}', letter_due = clock_now()",
        "update posts set mobile = '13800000099'",
        "delete from units where code = 'C02'",
    ),
    "intake": ("update progress set promise = null", "insert into progress values ('XA20000101000001')"),
}


@pytest.mark.parametrize("service", ["notify", "intake"])
def test_a_spoilt_projection_is_row_by_row_what_it_was_and_nobody_is_told_again(
    people: People, lives: dict[str, str], service: str
) -> None:
    before, acted = rows(people, service, KEPT[service]), rows(people, service, ACTED[service])
    ledger = people.system.folder.path / "sms.jsonl"
    sent = ledger.read_text()
    # The letters' timer must not see the spoilt dates: what it would do then is not the rebuild's doing.
    people.system.processes[f"{service}-worker"].stop()
    spoil(people, service, *SPOILT[service])
    assert rows(people, service, KEPT[service]) != before
    done = command(people.system, service, "rebuild", "--from", "-", stdin=exported(people.system, service))
    people.system.processes[f"{service}-worker"].start()
    assert (done.returncode, done.stderr) == (0, "")
    assert "left unchanged" not in done.stdout
    people.settle()
    assert rows(people, service, KEPT[service]) == before
    assert rows(people, service, ACTED[service]) == acted
    assert ledger.read_text() == sent


def test_beside_running_workers_the_same_comes_out_and_newer_events_act(people: People, lives: dict[str, str]) -> None:
    before = rows(people, "notify", KEPT["notify"])
    done = command(people.system, "notify", "rebuild", "--from", "-", stdin=exported(people.system, "notify"))
    assert done.returncode == 0
    assert rows(people, "notify", KEPT["notify"]) == before
    late = lives["late"]
    people.acknowledge(late, "C01")
    people.contact(late, "C01")
    people.reply(late, "C01")
    people.close_case(late)
    people.wait_for("notify", "message.delivered", late, template="closed")
    fresh = people.submit().number
    people.wait_for("notify", "message.delivered", fresh, template="received")
    people.settle()
    told = [each for each in people.events("notify") if each.type == "message.delivered"]
    messages = [(each.case, each.data["template"], each.data["recipient"]) for each in told]
    assert len(messages) == len(set(messages)), "nobody is told twice"


@pytest.mark.parametrize("service", ["sla", "dispatch"])
def test_what_is_a_services_own_record_is_refused_with_a_sentence(system: SystemUnderTest, service: str) -> None:
    refused = command(system, service, "rebuild", "--from", "-")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"{service} has nothing to rebuild: its c")


def test_a_log_that_is_missing_is_one_sentence_and_changes_nothing(people: People, lives: dict[str, str]) -> None:
    before = rows(people, "intake", KEPT["intake"])
    one = command(people.system, "dispatch", "export", "--to", "intake").stdout
    refused = command(people.system, "intake", "rebuild", "--from", "-", stdin=one)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert (
        refused.stderr
        == "nothing was changed: the log of //lianxin/xinan/sla is missing: its events were read as well\n"
    )
    assert rows(people, "intake", KEPT["intake"]) == before
