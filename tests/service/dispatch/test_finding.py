"""Search, near cases, and many dispatched at once."""

from typing import Any

import pytest

from tests.service.dispatch.office import METRO, STALLS, Intake, Office
from tests.support.events import message

LAMP = "翻身路的路灯坏了三天，晚上很黑，老人出门不方便。"
NUMBERS = [f"XA2026112400000{i}" for i in range(1, 5)]


@pytest.fixture
def street(office: Office) -> Office:
    office.take_in(
        Intake(NUMBERS[0], text=METRO), Intake(NUMBERS[1], text=STALLS), Intake(NUMBERS[2], text=LAMP, community="C02")
    )
    return office


def found(office: Office, wish: dict[str, Any], role: str = "centre", unit: str | None = None) -> list[str]:
    answer = office.post("/search", wish, role, unit)
    assert answer.status_code == 200, answer.json
    return [case["number"] for case in answer.json["cases"]]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({"words": "油烟"}, [1]),
        ({"words": "路灯 老人"}, [2]),
        ({"words": "路灯 油烟"}, []),
        ({"words": "灵芝地铁站"}, [2, 1, 0]),
        ({"words": "灯路"}, []),
        ({"words": "Ａ出口"}, [0]),
        ({"number": NUMBERS[1]}, [1]),
        ({"number": "XA20261124", "state": "waiting"}, [2, 1]),
        ({"words": "地铁站", "unit": "C01"}, [0]),
        ({"since": "2026-11-24T05:00:00Z", "until": "2026-11-24T07:00:00Z"}, [2, 1, 0]),
        ({"until": "2026-11-24T05:00:00Z"}, []),
        ({"words": "%"}, None),
        ({"words": "灯"}, None),
    ],
)
def test_a_search_finds_what_holds_all_its_words(street: Office, wish: dict[str, Any], expected: Any) -> None:
    if expected is None:
        answer = street.post("/search", wish)
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (422, "word_too_short")
        return
    assert found(street, wish) == [NUMBERS[place] for place in expected]


def test_a_search_shows_nobody_more_than_its_own_cases(street: Office) -> None:
    assert found(street, {"words": "地铁站"}, "unit", "C01") == [NUMBERS[0]]
    assert found(street, {"words": "地铁站"}, "unit", "C09") == []


def test_pages_of_a_search_follow_each_other(street: Office) -> None:
    first = street.post("/search", {"words": "地铁站", "limit": 2}).json
    assert first["next"] == NUMBERS[1]
    assert found(street, {"words": "地铁站", "limit": 2, "after": first["next"]}) == [NUMBERS[0]]


def near(office: Office, number: str, role: str = "centre", unit: str | None = None) -> list[tuple[str, list[str]]]:
    rows = office.get(f"/cases/{number}/near", role, unit).json["near"]
    return [(row["case"]["number"], row["reasons"]) for row in rows]


def test_a_similar_letter_of_the_same_place_is_proposed_both_ways(street: Office) -> None:
    street.take_in(Intake(NUMBERS[3], text="灵芝地铁站A出口电动车乱停乱放，行人无法通行！"))
    assert near(street, NUMBERS[3]) == [(NUMBERS[0], ["same_place"])]
    assert near(street, NUMBERS[0]) == [(NUMBERS[3], ["same_place"])]
    assert near(street, NUMBERS[2]) == []


def test_the_same_telephone_is_a_reason_of_its_own(street: Office) -> None:
    letter = Intake(NUMBERS[3], text="请问居住证在哪里办理，需要带什么材料？")
    street.receive(
        message(letter.submitted, "intake", extra={"same_telephone": [NUMBERS[2]]}), message(letter.accepted, "intake")
    )
    assert near(street, NUMBERS[3]) == [(NUMBERS[2], ["same_telephone"])]
    assert near(street, NUMBERS[2]) == [(NUMBERS[3], ["same_telephone"])]


def test_a_restricted_letter_is_near_to_nothing_for_those_who_may_not_see_it(street: Office) -> None:
    about = Intake(NUMBERS[3], text=f"{METRO}城管队员收钱不办事。")
    street.take_in(about)
    assert near(street, NUMBERS[0]) == [(NUMBERS[3], ["same_place"])]
    assert near(street, NUMBERS[0], "unit", "C01") == []


def test_a_letter_of_long_ago_is_not_near(street: Office) -> None:
    old = Intake(NUMBERS[3], text=METRO)
    long_ago = "2026-11-16T05:00:00+00:00"
    street.receive(message(old.submitted, "intake", extra={"submitted_at": long_ago}), message(old.accepted, "intake"))
    assert near(street, NUMBERS[0]) == []


def test_many_are_dispatched_at_once_and_one_refusal_holds_up_no_other(office: Office) -> None:
    doubtful = [Intake(number, text=STALLS) for number in NUMBERS[:2]]
    office.take_in(*doubtful, Intake(NUMBERS[2], text=METRO), Intake(NUMBERS[3], text="你好，辛苦了，谢谢大家。"))
    answer = office.post("/dispatch", {"numbers": [*NUMBERS, "XA20261124999999"]})
    assert answer.status_code == 200
    outcomes = [(row["number"], row["code"]) for row in answer.json["outcomes"]]
    assert outcomes == [
        (NUMBERS[0], None), (NUMBERS[1], None), (NUMBERS[2], "illegal_transition"), (NUMBERS[3], "no_suggestion"),
        ("XA20261124999999", "case_not_found"),
    ]  # fmt: skip
    assert answer.json["outcomes"][3]["sentence"] == "研判没有建议单位，请逐件分拨。"
    for number, row in zip(NUMBERS[:2], answer.json["outcomes"], strict=False):
        case = office.get(f"/cases/{number}").json
        assert (case["state"], case["unit"]) == ("dispatched", row["unit"])
        assert case["log"][-1]["who"] == "centre-street"


def test_many_are_dispatched_by_those_who_decide_alone(street: Office) -> None:
    assert street.post("/dispatch", {"numbers": NUMBERS}, "unit", "C01").status_code == 403
    outcomes = street.post("/dispatch", {"numbers": NUMBERS[1:2]}, "leader").json["outcomes"]
    assert [row["code"] for row in outcomes] == ["forbidden"]
