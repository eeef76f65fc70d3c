"""What the units' people are told: at once, then gathered."""

from datetime import UTC, datetime, timedelta

from tests.service.notify.desk import Desk
from tests.support.notify_story import DAY, Story, unit_changed

WINDOW = timedelta(seconds=60)


def number(index: int) -> str:
    return f"XA20261124{index:06}"


def yellow(index: int, unit: str = "C07") -> list:  # type: ignore[type-arg]
    """A case whose closing limit has just turned yellow."""
    story = Story(number(index), began=datetime.now(UTC) - DAY * 0.75, unit=unit)
    return [story.started(), story.marked("yellow")]


def end_window(desk: Desk) -> None:
    desk.set("update windows set opened_at = opened_at - interval '60 seconds'")


def test_yellow_goes_to_the_desk_on_duty_at_once(desk: Desk) -> None:
    desk.hears(unit_changed(duty="13800000007", head="13800000008", leader="13800000009"), *yellow(1))
    desk.tells()
    (line,) = desk.ledger()
    assert line["to"] == "13800000007"
    assert line["text"] == f"【新安街道办】预警:编号{number(1)}距办结时限剩6小时,请立即办理。"
    assert desk.events("message.delivered")[0]["recipient"] == "C07/duty"


def test_red_goes_to_the_head_and_the_leader_in_charge(desk: Desk) -> None:
    story = Story(number(1), began=datetime.now(UTC) - DAY)
    desk.hears(unit_changed(duty="13800000007", head="13800000008", leader="13800000009"))
    desk.hears(story.started(), story.marked("red"))
    desk.tells()
    assert sorted(line["to"] for line in desk.ledger()) == ["13800000008", "13800000009"]
    assert desk.ledger()[0]["text"] == f"【新安街道办】警报:编号{number(1)}已超办结时限,请立即办理并报告。"


def test_an_emergency_before_dispatch_goes_to_the_centre(desk: Desk) -> None:
    desk.hears(unit_changed("CENTRE", head="13800000010", leader="13800000011"))
    desk.hears(Story(number(1)).marked("red", reason="risk", unit=None, unit_name=None))
    desk.tells()
    assert {line["to"] for line in desk.ledger()} == {"13800000010", "13800000011"}
    assert "可能涉及紧急情况" in desk.ledger()[0]["text"]


def test_a_silent_mark_tells_nobody(desk: Desk) -> None:
    desk.hears(unit_changed(duty="13800000007"), Story(number(1)).marked("yellow", silent=True))
    assert desk.rows("messages") == []


def test_the_first_goes_at_once_and_the_rest_together_at_the_end_of_the_window(desk: Desk) -> None:
    desk.hears(unit_changed(duty="13800000007"), *yellow(0))
    desk.tells()
    for index in range(1, 9):
        desk.hears(*yellow(index))
        desk.tells()
    assert len(desk.ledger()) == 1
    end_window(desk)
    desk.tells()
    assert len(desk.ledger()) == 2
    five = "、".join(number(index) for index in range(1, 6))
    assert desk.ledger()[1]["text"] == f"【新安街道办】预警:编号{five}等8件,请立即办理。"
    assert len(desk.ledger()[1]["messages"]) == 8
    assert desk.messages() == {"yellow": ["sent"] * 9}


def test_one_person_at_two_posts_has_one_window(desk: Desk) -> None:
    desk.hears(unit_changed(head="13800000008", leader="13800000008"))
    story = Story(number(1), began=datetime.now(UTC) - DAY)
    desk.hears(story.started(), story.marked("red"))
    desk.tells()
    (line,) = desk.ledger()
    assert len(line["messages"]) == 2
    assert line["text"] == f"【新安街道办】警报:编号{number(1)}已超办结时限,请立即办理并报告。"


def test_two_telephones_do_not_wait_for_each_other(desk: Desk) -> None:
    desk.hears(unit_changed(duty="13800000007"), unit_changed("C08", duty="13800000017"))
    desk.hears(*yellow(1), *yellow(2, unit="C08"))
    desk.tells()
    assert sorted(line["to"] for line in desk.ledger()) == ["13800000007", "13800000017"]


def test_a_message_to_an_unknown_post_waits_until_the_unit_names_one(desk: Desk) -> None:
    desk.hears(*yellow(1))
    desk.tells()
    assert desk.messages() == {"yellow": ["pending"]}
    desk.hears(unit_changed(duty="13800000007"))
    desk.tells()
    assert desk.messages() == {"yellow": ["sent"]}


def test_the_newest_telephone_of_a_post_counts(desk: Desk) -> None:
    desk.hears(unit_changed(duty="13800000007"), unit_changed(seq=2, duty="13800000027"), *yellow(1))
    desk.tells()
    assert desk.ledger()[0]["to"] == "13800000027"


def test_yellow_is_superseded_by_red(desk: Desk) -> None:
    story = Story(number(1), began=datetime.now(UTC) - DAY)
    desk.hears(unit_changed(duty="13800000007", head="13800000008", leader="13800000009"))
    desk.hears(story.started(), story.marked("yellow", at=story.began + DAY * 0.75), story.marked("red"))
    desk.tells()
    assert desk.messages() == {"yellow": ["skipped"], "red": ["sent", "sent"]}


def test_red_is_superseded_by_closing(desk: Desk) -> None:
    story = Story(number(1), began=datetime.now(UTC) - DAY)
    desk.hears(
        story.started(), story.marked("red"), story.closed(), unit_changed(head="13800000008", leader="13800000009")
    )
    desk.tells()
    assert desk.messages() == {"red": ["skipped", "skipped"]}
    assert desk.rows("messages", "reason") == ["superseded", "superseded"]


def test_red_is_superseded_by_retraction(desk: Desk) -> None:
    story = Story(number(1), began=datetime.now(UTC) - DAY)
    desk.hears(story.started(), story.breached(), story.marked("red"), story.retracted())
    desk.hears(unit_changed(head="13800000008", leader="13800000009"))
    desk.tells()
    assert desk.messages() == {"red": ["skipped", "skipped"]}


def test_telephones_of_staff_show_in_no_event_and_no_answer(desk: Desk) -> None:
    desk.hears(unit_changed(duty="13800000007"), *yellow(1))
    desk.tells()
    answer = desk.call("GET", f"/messages?case={number(1)}", role="centre").get_data(as_text=True)
    assert number(1) in answer
    assert "13800000007" not in answer + str(desk.rows("outbox")) + str(desk.rows("messages")) + str(desk.rows("sms"))


def test_a_window_opened_by_a_clock_that_was_set_back_keeps_nobody_waiting(desk: Desk) -> None:
    desk.hears(unit_changed(duty="13800000007"), *yellow(1))
    desk.tells()
    desk.set("update windows set opened_at = opened_at + interval '5 minutes'")
    desk.hears(*yellow(2))
    desk.tells()
    assert len(desk.ledger()) == 2


def test_a_message_put_off_by_a_clock_that_was_set_back_is_due(desk: Desk) -> None:
    desk.hears(unit_changed(duty="13800000007"), *yellow(1))
    desk.set("update messages set next_try = next_try + interval '11 hours'")
    desk.tells()
    assert len(desk.ledger()) == 1
