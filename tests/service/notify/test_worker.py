"""The worker as a process of its own on a real broker, with nobody answering for intake."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chassis import crypto
from chassis.delivery.broker import Outgoing, Publisher
from chassis.delivery.envelope import Message
from deploy.system.testbed import Vhost
from tests.service.notify.desk import Desk
from tests.service.worker import wait_for, worker
from tests.support.notify_story import DAY, Story, unit_changed


@contextmanager
def sending(desk: Desk, broker: Vhost, log: Path) -> Iterator[None]:
    told = {"GATEWAY": "file", "SMS_LEDGER": str(desk.settings.sms_ledger), "SMS_WINDOW": "600"}
    told |= {"LETTERS_DIR": str(desk.settings.letters_dir), "READER_KEY": crypto.new_reader_keys().private}
    with worker("notify", desk.database, broker, log, **told):
        yield


def publish(broker: Vhost, heard: list[Message]) -> None:
    """Sends what the others would, each as its own user."""
    for producer in ("intake", "dispatch", "sla"):
        outgoing = []
        for each in heard:
            if each.headers["cloudEvents:source"].endswith(producer):
                key = each.headers["cloudEvents:type"].removeprefix("lianxin.").removesuffix(".v1")
                outgoing.append(Outgoing(f"{producer}.events", key, dict(each.headers), each.body.decode()))
        publisher = Publisher(broker.uri(producer), f"{producer} of the test")
        publisher.publish(outgoing)
        publisher.close()


def red(index: int) -> list[Message]:
    story = Story(f"XA20261124{index:06}", began=datetime.now(UTC) - DAY)
    return [story.submitted(), story.started(), story.breached(), story.marked("red")]


@pytest.mark.timeout(180)
def test_two_workers_tell_staff_once_and_print_every_letter_once_while_intake_is_silent(
    desk: Desk, broker: Vhost, tmp_path: Path
) -> None:
    logs = [tmp_path / "first", tmp_path / "second"]
    with ExitStack() as running:
        for log in logs:
            running.enter_context(sending(desk, broker, log))
        publish(broker, [unit_changed(head="13800000008", leader="13800000009")])
        publish(broker, [message for index in range(3) for message in red(index)])
        wait_for(lambda: len(desk.events_logged("letter.proposed")) == 3, logs[0])
        for letter in desk.rows("letters", "id"):
            assert desk.call("POST", f"/letters/{letter}/sign", json={}).status_code == 200
        wait_for(lambda: desk.rows("letters", "state") == ["issued"] * 3, logs[0])
        wait_for(lambda: len(desk.ledger()) >= 2, logs[0])
        wait_for(lambda: desk.rows("outbox") == [], logs[0])
    assert sorted(line["to"] for line in desk.ledger()) == ["13800000008", "13800000009"], "one window, one SMS each"
    carried = [message for line in desk.ledger() for message in line["messages"]]
    assert len(carried) == len(set(carried))
    assert len([path for path in desk.settings.letters_dir.rglob("*") if path.is_file()]) == 3
    assert len(desk.events_logged("letter.issued")) == 3
    waiting = "select state, count(*) from messages where audience = 'resident' group by state"
    assert desk.asked(waiting) == [("pending", 6)], "nobody can be told without a telephone, and nothing is lost"


@pytest.mark.timeout(120)
def test_residents_telephones_are_asked_for_again_until_intake_answers(
    desk: Desk, broker: Vhost, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with sending(desk, broker, log):
        publish(broker, [Story("XA20261124000001").submitted()])
        wait_for(lambda: desk.asked("select max(attempts) >= 2 from messages") == [(True,)], log)
    assert desk.messages() == {"received": ["pending"]}
    assert "Traceback" not in log.read_text()
    desk.set("update messages set next_try = clock_now()")
    desk.tells()
    assert desk.messages() == {"received": ["sent"]}
