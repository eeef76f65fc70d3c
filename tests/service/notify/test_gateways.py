"""Whatever the gateway does: never two SMS for one message, and none silently unsent (reliability.md I5, I6)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.notify.commands import held
from services.notify.commands.residents import send_to_residents
from services.notify.commands.sender import BATCH, LEASE
from services.notify.commands.unknown import MOST_ATTEMPTS
from services.notify.domain.gateway import Answer, Fate, Outgoing
from services.notify.gateways.file import FileLedger
from services.notify.gateways.http import HttpGateway
from tests.service.notify.desk import Desk
from tests.support.fake_gateway import FakeGateway
from tests.support.notify_story import DAY, Story, unit_changed

NUMBER = "XA20261124000123"


@pytest.fixture
def fake() -> Iterator[FakeGateway]:
    gateway = FakeGateway().up()
    yield gateway
    gateway.down()


def over(desk: Desk, fake: FakeGateway, *, lookup: bool = False, remembers: bool = False) -> Desk:
    """The desk with the fake as its gateway."""
    fake.remembers = remembers
    gateway = HttpGateway(
        url=fake.url, lookup_url=fake.url if lookup else "", read_seconds=0.3, remembers_keys=remembers
    )
    return replace(desk, gateway=gateway)


def receipt(desk: Desk) -> None:
    desk.hears(Story(NUMBER).submitted())


def try_again(desk: Desk) -> None:
    """The waiting time is over, for messages and for leases."""
    desk.set("update messages set next_try = clock_now()")
    desk.set("update sms set lease_until = clock_now()")


def test_a_gateway_that_takes_it_is_believed(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake)
    receipt(desk)
    desk.tells()
    assert desk.messages() == {"received": ["sent"]}
    assert [each["to"] for each in fake.taken] == ["13800000001"]
    assert fake.taken[0]["key"] == str(desk.rows("messages", "sms")[0])


def test_a_gateway_that_is_down_costs_only_time(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake)
    receipt(desk)
    fake.down()
    desk.tells()
    assert desk.rows("messages", "state", "reason", "sms") == [("pending", "gateway_unreachable", None)]
    fake.up()
    try_again(desk)
    desk.tells()
    assert desk.messages() == {"received": ["sent"]}
    assert len(fake.taken) == 1


def test_429_means_later(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake)
    fake.mode = "busy"
    receipt(desk)
    desk.tells()
    assert desk.rows("messages", "state", "reason") == [("pending", "gateway_429")]
    assert desk.rows("messages", "next_try > clock_now()") == [True]
    fake.mode = "ok"
    try_again(desk)
    desk.tells()
    assert desk.messages() == {"received": ["sent"]}
    assert desk.rows("sms", "state") == ["released", "sent"] or desk.rows("sms", "state") == ["sent", "released"]


def test_the_wait_grows_with_every_refusal(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake)
    fake.mode = "busy"
    receipt(desk)
    for _ in range(5):
        try_again(desk)
        desk.tells()
    assert desk.rows("messages", "next_try - clock_now() > interval '6 seconds'") == [True]


def test_a_message_that_went_stale_while_the_gateway_was_down_is_not_sent(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake)
    receipt(desk)
    fake.down()
    desk.tells()
    fake.up()
    desk.set("update clock_offset set shift = interval '61 minutes'")
    desk.tells()
    assert desk.rows("messages", "state", "reason") == [("skipped", "stale")]
    assert fake.taken == []


def test_a_plain_no_is_final_and_published(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake)
    fake.mode = "refuse"
    receipt(desk)
    desk.tells()
    assert desk.rows("messages", "state", "reason") == [("failed", "gateway_400")]
    assert desk.events("message.failed")[0]["reason"] == "gateway_400"


@pytest.mark.parametrize("mode", ["error_after", "slow", "cut"])
def test_an_unknown_outcome_is_held_for_a_person(desk: Desk, fake: FakeGateway, mode: str) -> None:
    desk = over(desk, fake)
    fake.mode = mode
    receipt(desk)
    desk.tells()
    desk.resolves()
    desk.resolves()
    assert desk.rows("messages", "state", "reason") == [("held", "unknown_outcome")]
    assert len(fake.taken) == 1


@pytest.mark.parametrize("mode", ["error_after", "slow", "cut"])
def test_an_unknown_outcome_is_looked_up_where_the_gateway_tells(desk: Desk, fake: FakeGateway, mode: str) -> None:
    desk = over(desk, fake, lookup=True)
    fake.mode = mode
    receipt(desk)
    desk.tells()
    desk.resolves()
    assert desk.messages() == {"received": ["sent"]}
    assert len(fake.taken) == 1
    assert len(desk.events("message.delivered")) == 1


def test_an_sms_the_gateway_does_not_know_is_held_if_it_may_still_be_on_its_way(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake, lookup=True)
    fake.mode = "error"
    receipt(desk)
    desk.tells()
    desk.resolves()
    assert desk.messages() == {"received": ["held"]}


@pytest.mark.parametrize("lookup", [True, False])
@pytest.mark.parametrize("mode", ["error_after", "error", "cut"])
def test_a_gateway_that_remembers_keys_is_asked_again_with_the_same_key(
    desk: Desk, fake: FakeGateway, mode: str, lookup: bool
) -> None:
    desk = over(desk, fake, lookup=lookup, remembers=True)
    fake.mode = mode
    receipt(desk)
    desk.tells()
    fake.mode = "ok"
    desk.resolves()
    assert desk.messages() == {"received": ["sent"]}
    assert len(fake.taken) == 1
    assert len(desk.rows("sms")) == 1


def test_busy_after_an_unknown_outcome_keeps_the_key(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake, remembers=True)
    fake.mode = "error_after"
    receipt(desk)
    desk.tells()
    fake.mode = "busy"
    desk.resolves()
    fake.mode = "ok"
    try_again(desk)
    desk.tells()
    desk.resolves()
    assert desk.messages() == {"received": ["sent"]}
    assert len(fake.taken) == 1


def test_what_cannot_be_found_out_is_held_in_the_end(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake, lookup=True)
    receipt(desk)
    fake.mode = "cut"
    desk.tells()
    fake.down()
    for _ in range(MOST_ATTEMPTS):
        try_again(desk)
        desk.resolves()
    fake.up()
    assert desk.messages() == {"received": ["held"]}


def crash_after_claim(desk: Desk, monkeypatch: pytest.MonkeyPatch, *, taken: bool) -> None:
    """The process dies after the claim is committed, with the SMS taken by the gateway or not."""

    class Died(BaseException):
        """kill -9."""

    class Dying:
        name, remembers_keys, can_look_up = desk.gateway.name, False, False

        def send(self, batch: list[Outgoing]) -> list[Answer]:
            if taken:
                desk.gateway.send(batch)
            raise Died

        def lookup(self, key: str) -> bool | None:
            return None

    with pytest.raises(Died):
        send_to_residents(desk.sender(Dying()))


@pytest.mark.parametrize("taken", [True, False])
def test_after_a_crash_between_claim_and_mark_exactly_one_sms_is_in_the_ledger(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    receipt(desk)
    crash_after_claim(desk, monkeypatch, taken=taken)
    desk.tells()
    desk.resolves()
    assert desk.messages() == {"received": ["claimed"]}, "the lease of the dead process still runs"
    try_again(desk)
    desk.resolves()
    assert desk.messages() == {"received": ["sent"]}
    assert len(desk.ledger()) == 1


def test_a_process_taken_for_dead_cannot_overwrite_what_was_found_out(desk: Desk) -> None:
    class Sleepy(FileLedger):
        def send(self, batch):  # type: ignore[no-untyped-def]
            super().send(batch)
            try_again(desk)
            desk.resolves()
            return [Answer(Fate.BUSY, "gateway_429")] * len(batch)

    receipt(desk)
    send_to_residents(desk.sender(Sleepy(desk.settings.sms_ledger)))
    assert desk.messages() == {"received": ["sent"]}
    assert len(desk.events("message.delivered")) == 1


def test_staff_get_the_same_gathered_sms_again_under_the_same_key(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake, remembers=True)
    fake.mode = "error"
    desk.hears(unit_changed(duty="13800000007"))
    for index in range(2):
        story = Story(f"XA2026112400000{index}", began=datetime.now(UTC) - DAY * 0.75)
        desk.hears(story.started(), story.marked("yellow"))
    desk.tells()
    fake.mode = "ok"
    desk.resolves()
    assert desk.messages() == {"yellow": ["sent", "sent"]}
    assert [each["key"] for each in fake.taken] == [str(key) for key in desk.rows("sms", "id")]


def test_a_refused_sms_gives_the_window_back(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake)
    fake.mode = "busy"
    story = Story(NUMBER, began=datetime.now(UTC) - DAY * 0.75)
    desk.hears(unit_changed(duty="13800000007"), story.started(), story.marked("yellow"))
    desk.tells()
    fake.mode = "ok"
    try_again(desk)
    desk.tells()
    assert desk.messages() == {"yellow": ["sent"]}


def test_a_person_sends_a_held_message_whatever_its_age(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake)
    fake.mode = "error"
    receipt(desk)
    desk.tells()
    desk.resolves()
    fake.mode = "ok"
    desk.set("update clock_offset set shift = interval '3 hours'")
    with desk.database.transaction() as tx:
        (message,) = held.listed(tx)
        held.send(tx, message.id)
    desk.tells()
    assert desk.messages() == {"received": ["sent"]}


def test_a_person_drops_a_held_message_with_a_reason(desk: Desk, fake: FakeGateway) -> None:
    desk = over(desk, fake)
    fake.mode = "error"
    receipt(desk)
    desk.tells()
    desk.resolves()
    with desk.database.transaction() as tx:
        held.drop(tx, held.listed(tx)[0].id, "the resident was rung up", by="the desk")
    assert desk.rows("messages", "state", "reason") == [("failed", "dropped by the desk: the resident was rung up")]
    assert desk.events("message.failed")[0]["reason"] == "dropped"


def outgoing(key: str) -> Outgoing:
    return Outgoing(key, "13800000001", "【新安街道办】…", datetime(2026, 11, 24, tzinfo=UTC), ("m1",))


def test_two_processes_with_one_ledger_write_a_key_once(tmp_path: Path) -> None:
    one, two = FileLedger(tmp_path / "sms.jsonl"), FileLedger(tmp_path / "sms.jsonl")
    one.send([outgoing("a")])
    two.send([outgoing("a"), outgoing("b"), outgoing("b")])
    one.send([outgoing("b")])
    assert [json.loads(line)["key"] for line in (tmp_path / "sms.jsonl").read_text().splitlines()] == ["a", "b"]
    assert (one.lookup("b"), one.lookup("c")) == (True, False)


def test_half_a_line_left_by_a_crash_was_never_taken(tmp_path: Path) -> None:
    ledger = tmp_path / "sms.jsonl"
    FileLedger(ledger).send([outgoing("a")])
    with ledger.open("a") as file:
        file.write('{"sms": "b", "ke')
    assert FileLedger(ledger).send([outgoing("b")]) == [Answer(Fate.SENT)]
    assert [json.loads(line)["key"] for line in ledger.read_text().splitlines()] == ["a", "b"]


def test_a_ledger_that_cannot_be_written_leaves_the_outcome_open(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "sms.jsonl")
    (tmp_path / "sms.jsonl").mkdir()
    assert ledger.send([outgoing("a")])[0].fate is Fate.UNKNOWN


def test_no_telephone_shows_when_an_sms_is_printed() -> None:
    assert "13800000001" not in repr(outgoing("a")) + repr([outgoing("a")])


def test_a_claim_is_committed_before_the_gateway_is_called(desk: Desk) -> None:
    seen = []

    class Watching(FileLedger):
        def send(self, batch):  # type: ignore[no-untyped-def]
            seen.append((desk.messages(), desk.rows("sms", "state")))
            return super().send(batch)

    receipt(desk)
    send_to_residents(desk.sender(Watching(desk.settings.sms_ledger)))
    assert seen == [({"received": ["claimed"]}, ["claimed"])]


def test_the_lease_outlives_the_slowest_batch() -> None:
    from services.notify.gateways.http import CONNECT_SECONDS

    slowest = timedelta(seconds=(CONNECT_SECONDS + 5.0) * BATCH / 25)
    assert slowest < LEASE
