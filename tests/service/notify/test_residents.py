"""What the resident is told, and what not."""

from datetime import UTC, datetime, timedelta

from tests.service.notify.desk import Desk
from tests.support.notify_story import Story

NUMBER = "XA20261124000123"


def test_a_resident_hears_of_receipt_promise_and_closing(desk: Desk) -> None:
    story = Story(NUMBER)
    desk.hears(story.submitted(), story.dispatched(), story.started())
    desk.tells()
    desk.hears(story.closed())
    desk.tells()
    texts = [line["text"] for line in desk.ledger()]
    assert len(texts) == 3
    assert f"编号{NUMBER},查询码7KQ4MRXY。" in texts[0] + texts[1]
    assert "由灵芝社区承办" in texts[0] + texts[1]
    assert texts[2].startswith(f"【新安街道办】编号{NUMBER}已办结。")
    assert desk.messages() == {"received": ["sent"], "promised": ["sent"], "closed": ["sent"]}


def test_each_purpose_is_asked_for_on_its_own(desk: Desk) -> None:
    story = Story(NUMBER)
    desk.hears(story.submitted(), story.started())
    desk.tells()
    assert sorted(desk.intake.asked) == [("promised", (NUMBER,)), ("received", (NUMBER,))]


def test_every_message_names_the_sms_that_carried_it(desk: Desk) -> None:
    desk.hears(Story(NUMBER).submitted())
    desk.tells()
    assert [str(sms) for sms in desk.rows("messages", "sms")] == [desk.ledger()[0]["sms"]]
    assert [str(id_) for id_ in desk.rows("messages", "id")] == desk.ledger()[0]["messages"]
    delivered = desk.events("message.delivered")[0]
    assert delivered["recipient"] is None
    assert (delivered["seq"], delivered["partitionkey"]) == (1, NUMBER)


def test_neither_number_nor_text_nor_code_is_kept(desk: Desk) -> None:
    story = Story(NUMBER)
    desk.hears(story.submitted(), story.started())
    desk.tells()
    kept = str([desk.rows(table) for table in ("messages", "sms", "cases", "outbox", "windows")])
    for secret in ("13800000001", "7KQ4MRXY", "【新安街道办】"):
        assert secret not in kept


def test_an_anonymous_writer_gets_no_message(desk: Desk) -> None:
    story = Story(NUMBER)
    desk.hears(story.submitted(identity="anonymous"), story.started(), story.closed())
    desk.tells()
    assert desk.rows("messages") == []


def test_an_imported_case_is_silent_about_what_was_before_the_import(desk: Desk) -> None:
    story = Story(NUMBER, began=datetime.now(UTC) - timedelta(hours=5))
    desk.hears(story.submitted(imported=True), story.started())
    assert desk.rows("messages") == []
    desk.hears(story.closed())
    assert desk.messages() == {"closed": ["pending"]}


def test_a_writer_without_a_telephone_is_skipped_with_the_reason(desk: Desk) -> None:
    desk.intake.contacts[NUMBER] = {}
    desk.hears(Story(NUMBER).submitted())
    desk.tells()
    assert desk.rows("messages", "state", "reason") == [("skipped", "no_contact")]
    assert desk.ledger() == []


def test_a_message_waits_while_intake_is_silent_and_goes_out_once_it_answers(desk: Desk) -> None:
    desk.intake.silent = True
    desk.hears(Story(NUMBER).submitted())
    desk.tells()
    assert desk.messages() == {"received": ["pending"]}
    assert desk.rows("messages", "next_try > clock_now()") == [True]
    desk.intake.silent = False
    desk.set("update messages set next_try = clock_now()")
    desk.tells()
    assert desk.messages() == {"received": ["sent"]}


def test_a_receipt_older_than_an_hour_is_stale(desk: Desk) -> None:
    desk.hears(Story(NUMBER).submitted(at=datetime.now(UTC) - timedelta(minutes=61)))
    desk.tells()
    assert desk.rows("messages", "state", "reason") == [("skipped", "stale")]


def test_a_promise_is_not_made_for_a_closed_case(desk: Desk) -> None:
    story = Story(NUMBER)
    desk.hears(story.submitted(), story.started(), story.closed())
    desk.tells()
    assert desk.messages() == {"received": ["sent"], "promised": ["skipped"], "closed": ["sent"]}


def test_repeated_and_late_events_change_nothing(desk: Desk) -> None:
    story = Story(NUMBER)
    heard = [story.submitted(), story.started(), story.closed()]
    desk.hears(*heard)
    desk.tells()
    desk.hears(*heard, *heard)
    desk.hears(heard[0])
    desk.tells()
    assert len(desk.ledger()) == 2
    assert len(desk.rows("messages")) == 3


def test_a_batch_uses_the_same_number_of_statements_whatever_its_size(desk: Desk) -> None:
    from tests.service.notify.counting import statements

    few, many = [], []
    for each, count in ((few, 2), (many, 30)):
        for index in range(count):
            story = Story(f"XA20261124{count:03}{index:03}")
            each += [story.submitted(), story.started(), story.marked("yellow"), story.breached()]
    with statements(desk.database) as for_few:
        desk.hears(*few)
    with statements(desk.database) as for_many:
        desk.hears(*many)
    assert len(for_few) == len(for_many)
