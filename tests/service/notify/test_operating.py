"""What an operator sees and decides, and two replicas side by side."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from chassis.settings import SettingsError, read
from services.notify import metrics
from services.notify.commands import gauges
from services.notify.commands.residents import send_to_residents
from services.notify.commands.staff import send_to_staff
from services.notify.commands.unknown import resolve_unknown
from services.notify.domain.gateway import Answer, Fate
from services.notify.gateways.configured import gateway_of
from services.notify.gateways.file import FileLedger
from services.notify.settings import Settings
from tests.service.notify.desk import Desk
from tests.support.notify_story import DAY, Story, unit_changed

NUMBER = "XA20261124000123"


def command(desk: Desk, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m services.notify …` on the desk's database."""
    url = desk.settings.database_url
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PROFILE": "dev", "DATABASE_URL": url}
    return subprocess.run(
        [sys.executable, "-m", "services.notify", *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def hold(desk: Desk) -> str:
    """A message of unknown fate; its id."""

    class Mute:
        name, remembers_keys, can_look_up = "mute", False, False

        def send(self, batch: list[Any]) -> list[Answer]:
            return [Answer(Fate.UNKNOWN, "gateway_silent")] * len(batch)

        def lookup(self, key: str) -> bool | None:
            return None

    desk.hears(Story(NUMBER).submitted())
    send_to_residents(desk.sender(Mute()))
    resolve_unknown(desk.sender(Mute()))
    return str(desk.rows("messages", "id")[0])


def test_held_messages_are_listed_and_sent_again_from_the_command_line(desk: Desk) -> None:
    message = hold(desk)
    listed = command(desk, "messages", "held")
    heading, row = listed.stdout.splitlines()
    assert (listed.returncode, heading.split()[:3]) == (0, ["id", "case", "template"])
    assert row.split()[:4] == [message, NUMBER, "received", "resident"]
    assert json.loads(command(desk, "messages", "held", "--json").stdout)["id"] == message
    assert command(desk, "messages", "send", message).returncode == 0
    desk.tells()
    assert desk.messages() == {"received": ["sent"]}
    again = command(desk, "messages", "send", message)
    assert (again.returncode, again.stderr.strip()) == (1, f"{message}: illegal_transition, it is sent")
    assert command(desk, "messages", "held").stdout == "no message is held\n"


def test_dropping_needs_a_reason(desk: Desk) -> None:
    message = hold(desk)
    assert command(desk, "messages", "drop", message).returncode == 2
    assert command(desk, "messages", "drop", "--reason", "rung up").returncode == 2
    assert command(desk, "messages", "drop", message, "--reason", "rung up", "--by", "the desk").returncode == 0
    assert desk.rows("messages", "state", "reason") == [("failed", "dropped by the desk: rung up")]


@pytest.mark.parametrize("unknown", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_message_that_is_not_there_is_one_sentence(desk: Desk, unknown: str) -> None:
    answer = command(desk, "messages", "send", unknown)
    assert (answer.returncode, answer.stderr.strip()) == (1, f"{unknown}: message_not_found")


def test_one_of_several_messages_that_is_gone_holds_up_no_other(desk: Desk) -> None:
    message = hold(desk)
    answer = command(desk, "messages", "send", "nonsense", message)
    assert (answer.returncode, answer.stdout.strip()) == (1, f"send: {message}")
    assert desk.messages() == {"received": ["pending"]}


def test_the_status_shows_what_waits_and_that_a_held_message_needs_a_person(desk: Desk) -> None:
    hold(desk)
    answer = command(desk, "status", "--json")
    status = json.loads(answer.stdout)
    assert (status["messages"], status["letters"], status["verdict"]) == ({"held": 1}, {}, "act")
    (line,) = [line for line in status["lines"] if line["what"] == "held messages"]
    assert line == {
        "what": "held messages", "says": "1", "verdict": "act", "runbook": "docs/runbooks/held-messages.md"
    }  # fmt: skip
    assert answer.returncode == 1


def test_the_gauges_are_there_also_where_nothing_waits(desk: Desk) -> None:
    gauges.measure(desk.database)
    assert metrics.WAITING.values == {("pending",): 0, ("claimed",): 0, ("held",): 0}
    assert metrics.OLDEST.values == {(): 0}


def test_the_gauges_count_what_waits_in_every_state(desk: Desk) -> None:
    desk.hears(Story(NUMBER).submitted(), Story("XA20261124000002").submitted())
    gauges.measure(desk.database)
    assert metrics.WAITING.values["pending",] == 2
    with desk.database.transaction() as tx:
        tx.execute(text("update messages set state = 'held' where case_number = :number"), {"number": NUMBER})
    gauges.measure(desk.database)
    assert metrics.WAITING.values == {("pending",): 1, ("claimed",): 0, ("held",): 1}


def test_the_messages_of_a_case_are_shown_without_text_and_telephone(desk: Desk) -> None:
    desk.hears(Story(NUMBER).submitted())
    desk.tells()
    (shown,) = desk.call("GET", f"/messages?case={NUMBER}", role="operator").json["messages"]
    assert (shown["template"], shown["state"], shown["recipient"]) == ("received", "sent", None)
    assert "13800000001" not in str(shown)
    assert desk.call("GET", f"/messages?case={NUMBER}", role="unit", unit="C07").status_code == 403
    assert desk.call("GET", "/messages", role="centre").status_code == 422


def test_two_replicas_send_everything_once(desk: Desk) -> None:
    for index in range(40):
        story = Story(f"XA20261124{index:06}")
        desk.hears(story.submitted(), story.started())

    def replica(_: int) -> None:
        gateway = FileLedger(desk.settings.sms_ledger)
        while send_to_residents(desk.sender(gateway)):
            pass

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(replica, range(2)))
    carried = [message for line in desk.ledger() for message in line["messages"]]
    assert len(carried) == len(set(carried)) == 80


def test_two_replicas_share_one_window(desk: Desk) -> None:
    desk.hears(unit_changed(duty="13800000007"))
    for index in range(10):
        story = Story(f"XA20261124{index:06}", began=datetime.now(UTC) - DAY * 0.75)
        desk.hears(story.started(), story.marked("yellow"))

    def replica(_: int) -> None:
        send_to_staff(desk.sender(FileLedger(desk.settings.sms_ledger)))

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(replica, range(3)))
    assert len(desk.ledger()) == 1


ENV = {"DATABASE_URL": "postgresql://nowhere/notify"}


def test_production_refuses_a_file_for_a_gateway() -> None:
    with pytest.raises(SettingsError, match="GATEWAY=file"):
        read(Settings, {**ENV, "GATEWAY": "file"})
    assert read(Settings, {**ENV, "GATEWAY": "file", "PROFILE": "demo"}).gateway == "file"


def test_a_worker_without_a_gateway_address_ends_with_a_sentence() -> None:
    with pytest.raises(SettingsError, match="GATEWAY_URL"):
        gateway_of(read(Settings, ENV))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMS_WINDOW", "-1"),
        ("SMS_WINDOW", "soon"),
        ("LETTER_CODE", "BX"),
        ("SMS_SIGNATURE", "街"),
        ("READER_KEY", "{}"),
    ],
)
def test_a_setting_that_cannot_be_right_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as refused:
        read(Settings, {**ENV, name: value})
    assert value not in str(refused.value).replace(name, "")
