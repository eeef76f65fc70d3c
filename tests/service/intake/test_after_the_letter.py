"""A resident adds to the letter, takes it back and rates how it ended, with the query code."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.service.intake.conftest import LETTER, Street
from tests.service.intake.test_looking_up import AT, WRONG, handling, tell
from tests.support.clock import move_clock

Make = Callable[..., Street]


def act(here: Street, receipt: Mapping[str, Any], what: str, body: Mapping[str, Any], **headers: str) -> TestResponse:
    return here.client.post(
        f"/api/intake/v1/cases/{receipt['number']}/{what}",
        json=body,
        headers={"Query-Code": receipt["query_code"]} | {k.replace("_", "-"): v for k, v in headers.items()},
    )


def closed(here: Street, number: str, seq: int = 9, **more: Any) -> None:
    times = {"replied_at": AT.isoformat(), "closed_at": AT.isoformat(), "outcome": "solved"}
    tell(here, ("dispatch", "case.closed", number, seq, handling(number, "closed", **times, **more)))


def told(here: Street) -> list[Mapping[str, Any]]:
    return [{"type": event["type"], "data": json.loads(event["body"])} for event in here.events()]


def last(here: Street) -> Mapping[str, Any]:
    return next(event for event in reversed(told(here)) if event["type"] != "case.accepted")


def test_a_supplement_is_kept_and_leaves_masked(street: Make) -> None:
    here = street()
    receipt = here.post().json
    answer = act(here, receipt, "supplements", {"text": "我叫欧阳小禾，电话13800000001，灯杆也歪了"})
    assert answer.status_code == 200, answer.text
    assert answer.json["steps"][-1]["step"] == "supplemented" and answer.json["emergency"] is None
    event = last(here)
    assert event["type"] == "case.supplemented" and event["data"]["media"] == 0
    assert "灯杆也歪了" in event["data"]["text"]
    assert "欧阳小禾" not in event["data"]["text"] and "13800000001" not in event["data"]["text"]


def test_danger_in_a_supplement_shows_the_numbers_to_call(street: Make) -> None:
    here = street()
    answer = act(here, here.post().json, "supplements", {"text": "楼下正在着火，火很大"})
    assert answer.json["emergency"]["calls"] == ["119"]
    assert last(here)["data"]["emergency_words"]


def test_a_letter_nobody_has_decided_about_is_withdrawn_at_once(street: Make) -> None:
    here = street()
    receipt = here.post().json
    answer = act(here, receipt, "withdrawal", {})
    assert (answer.status_code, answer.json["state"]) == (200, "withdrawn")
    assert (last(here)["type"], last(here)["data"]["state"]) == ("case.withdrawn", "withdrawn")
    assert here.desk(f"/{receipt['number']}/accept", {}).status_code == 409
    assert act(here, receipt, "withdrawal", {}).status_code == 409


def test_an_accepted_letter_is_withdrawn_by_whoever_decides(street: Make) -> None:
    here = street(accept_automatically="true")
    receipt = here.post().json
    answer = act(here, receipt, "withdrawal", {})
    assert (answer.json["state"], answer.json["withdrawal_asked"]) == ("accepted", True)
    assert last(here)["type"] == "case.withdrawal_asked"
    assert act(here, receipt, "withdrawal", {}).status_code == 409


def test_a_closed_case_is_rated_once(street: Make) -> None:
    here = street(accept_automatically="true")
    receipt = here.post().json
    assert act(here, receipt, "rating", {"grade": "satisfied"}).json["code"] == "illegal_transition"
    closed(here, receipt["number"])
    answer = act(here, receipt, "rating", {"grade": "dissatisfied", "comment": "没修好，请打13800000001"})
    assert answer.status_code == 200, answer.text
    assert answer.json["rating"]["reopens"] is True and answer.json["can_rate"] is False
    data = last(here)["data"]
    assert (data["grade"], data["round"]) == ("dissatisfied", 1) and "13800000001" not in data["comment"]
    again = act(here, receipt, "rating", {"grade": "satisfied"})
    assert again.status_code == 409 and again.json["data"]["legal"] == []


def test_a_second_pass_is_rated_on_its_own(street: Make) -> None:
    here = street(accept_automatically="true")
    receipt = here.post().json
    closed(here, receipt["number"])
    act(here, receipt, "rating", {"grade": "very_dissatisfied"})
    closed(here, receipt["number"], 12, round=2, reopened_at=(AT + timedelta(hours=1)).isoformat())
    answer = act(here, receipt, "rating", {"grade": "satisfied"})
    assert (answer.status_code, answer.json["rating"]["reopens"]) == (200, False)
    assert [event["data"]["round"] for event in told(here) if event["type"] == "case.rated"] == [1, 2]


@pytest.mark.parametrize(
    ("what", "body"), [("supplements", {"text": "灯杆也歪了"}), ("withdrawal", {}), ("rating", {"grade": "satisfied"})]
)
def test_nothing_is_done_without_the_right_code(street: Make, what: str, body: Mapping[str, Any]) -> None:
    here = street(wrong_codes_per_case="2")
    receipt = here.post().json
    before = len(here.events())
    guesser = {**receipt, "query_code": WRONG}
    assert [act(here, guesser, what, body).status_code for _ in range(3)] == [404, 404, 429]
    unknown = {"number": "XA20200101000001", "query_code": WRONG}
    assert act(here, unknown, what, body).status_code == 404
    assert len(here.events()) == before


def test_a_double_tap_is_one_supplement(street: Make) -> None:
    here = street()
    receipt = here.post().json
    for _ in range(2):
        answer = act(here, receipt, "supplements", {"text": "灯杆也歪了"}, Idempotency_Key="tap-1")
        assert answer.status_code == 200
    assert [step["step"] for step in answer.json["steps"]].count("supplemented") == 1


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("supplements", {"text": " "}, "text"),
        ("supplements", {"text": "字" * 5001}, "text"),
        ("rating", {"grade": "十分满意"}, "grade"),
        ("rating", {"grade": "satisfied", "comment": "字" * 501}, "comment"),
    ],
)
def test_a_wrong_field_is_named(street: Make, what: str, body: Mapping[str, Any], field: str) -> None:
    here = street()
    answer = act(here, here.post().json, what, body)
    assert answer.status_code == 422 and answer.json["errors"][0]["field"] == field


def test_other_letters_of_the_telephone_of_these_days_are_named(street: Make) -> None:
    here = street(limit_submissions="false")
    first = here.post().json["number"]
    assert last(here)["data"]["same_telephone"] == []
    move_clock(here.database, timedelta(days=6))
    second = here.post().json["number"]
    assert last(here)["data"]["same_telephone"] == [first]
    here.post({**LETTER, "mobile": "13800000002"})
    assert last(here)["data"]["same_telephone"] == []
    here.post({"kind": "help", "identity": "anonymous", "description": "路灯不亮"})
    assert last(here)["data"]["same_telephone"] == []
    move_clock(here.database, timedelta(days=8))
    here.post()
    assert last(here)["data"]["same_telephone"] == [second]


def test_at_most_ten_other_letters_are_named(street: Make) -> None:
    here = street(limit_submissions="false")
    numbers = [here.post().json["number"] for _ in range(12)]
    assert last(here)["data"]["same_telephone"] == sorted(numbers[:-1], reverse=True)[:10]
