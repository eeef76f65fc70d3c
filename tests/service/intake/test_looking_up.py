"""A resident looks up how the case stands; a guesser learns nothing and locks nobody out."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.delivery import inbox
from chassis.delivery.envelope import Draft
from services.intake.commands import SUBSCRIPTION
from tests.service.intake.conftest import LETTER, Street
from tests.support.clock import move_clock
from tests.support.events import message

Make = Callable[..., Street]
WRONG = "22222222"
AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def handling(number: str, state: str, **facts: Any) -> dict[str, Any]:
    view = {"number": number, "state": state, "unit": "C07", "unit_name": "灵芝园社区", "at": AT.isoformat()}
    return view | {"dispatched_at": AT.isoformat()} | facts


def tell(here: Street, *events: tuple[str, str, str, int, Mapping[str, Any]]) -> None:
    messages = [message(Draft(kind, subject, seq, data), producer) for producer, kind, subject, seq, data in events]
    inbox.receive(here.database, SUBSCRIPTION, messages)


def test_the_code_opens_the_case_however_it_is_typed(street: Make) -> None:
    here = street()
    receipt = here.post().json
    code = receipt["query_code"]
    for typed in (code, code.lower(), f" {code[:4]}-{code[4:]} "):
        answer = here.get(receipt["number"].lower(), typed)
        assert answer.status_code == 200, answer.text
    assert answer.json["state"] == "submitted" and answer.json["state_name"] == "待受理"
    for secret in ("欧阳", "13800000001", "电动车", code):
        assert secret not in answer.text


def test_a_wrong_code_and_an_unknown_number_look_the_same(street: Make) -> None:
    here = street()
    number = here.post().json["number"]
    wrong, unknown = here.get(number, WRONG), here.get("XA20200101000001", WRONG)
    assert wrong.status_code == unknown.status_code == 404
    assert {**wrong.json, "request_id": ""} == {**unknown.json, "request_id": ""}
    assert wrong.json["code"] == "case_not_found"


def test_guessing_from_one_address_does_not_lock_the_resident_out(street: Make) -> None:
    here = street(wrong_codes_per_case="3")
    receipt = here.post().json
    number, code = receipt["number"], receipt["query_code"]
    assert [here.get(number, WRONG, "198.51.100.7").status_code for _ in range(4)] == [404, 404, 404, 429]
    refused = here.get(number, code, "198.51.100.7")
    assert refused.status_code == 429 and refused.json["code"] == "too_many_wrong_codes"
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert here.get(number, code, "203.0.113.5").status_code == 200


def test_an_address_that_guesses_at_many_numbers_is_stopped_too(street: Make) -> None:
    here = street(wrong_codes_per_address="4")
    answers = [here.get(f"XA2026112400{i:04d}", WRONG, "198.51.100.7").status_code for i in range(5)]
    assert answers == [404] * 4 + [429]


def test_the_window_passes_and_the_address_may_try_again(street: Make) -> None:
    here = street(wrong_codes_per_case="1")
    receipt = here.post().json
    assert [here.get(receipt["number"], WRONG).status_code for _ in range(2)] == [404, 429]
    move_clock(here.database, timedelta(minutes=15, seconds=1))
    assert here.get(receipt["number"], receipt["query_code"]).status_code == 200
    assert [here.get(receipt["number"], WRONG).status_code for _ in range(2)] == [404, 429]


def test_the_right_code_is_never_counted(street: Make) -> None:
    here = street(wrong_codes_per_case="1")
    receipt = here.post().json
    assert {here.get(receipt["number"], receipt["query_code"]).status_code for _ in range(5)} == {200}


def test_without_a_code_nothing_is_shown(street: Make) -> None:
    here = street()
    answer = here.client.get(f"/api/intake/v1/cases/{here.post().json['number']}")
    assert answer.status_code == 422 and answer.json["errors"][0]["field"] == "Query-Code"


def test_a_refusal_tells_the_resident_why(street: Make) -> None:
    here = street()
    receipt = here.post().json
    here.desk(f"/{receipt['number']}/refuse", {"reason": "legal_procedure"})
    seen = here.get(receipt["number"], receipt["query_code"]).json
    assert seen["state"] == "refused" and "诉讼" in seen["refusal"]["sentence"]
    assert [step["step"] for step in seen["steps"]] == ["submitted", "refused"]


def test_each_step_appears_and_the_reply_once_it_has_passed_the_review(street: Make) -> None:
    here = street(accept_automatically="true")
    receipt = here.post().json
    number, code = receipt["number"], receipt["query_code"]
    due = (AT + timedelta(hours=72)).isoformat()
    later = (AT + timedelta(hours=1)).isoformat()
    tell(
        here,
        ("dispatch", "case.dispatched", number, 2, handling(number, "dispatched")),
        ("sla", "clock.started", number, 3, {"kind": "close", "gen": 1, "due": due, "at": AT.isoformat()}),
        ("sla", "clock.started", number, 4, {"kind": "contact", "gen": 1, "due": later, "at": AT.isoformat()}),
    )
    seen = here.get(number, code).json
    assert (seen["state"], seen["unit"]) == ("dispatched", "灵芝园社区")
    assert datetime.fromisoformat(seen["promised_by"]) == AT + timedelta(hours=72)
    told = {"acknowledged_at": later, "contacted_at": later}
    tell(
        here,
        (
            "dispatch",
            "case.contacted",
            number,
            4,
            handling(number, "handling", **told, process="先现场核实", promised_at=due),
        ),
        (
            "dispatch",
            "case.replied",
            number,
            5,
            handling(number, "replied", **told, replied_at=later, text="已划线并清理。"),
        ),
    )
    seen = here.get(number, code).json
    assert (seen["state"], seen["process"], seen["reply"]) == ("handling", "先现场核实", None)
    tell(
        here,
        (
            "dispatch",
            "case.closed",
            number,
            6,
            handling(number, "closed", **told, replied_at=later, closed_at=later, outcome="solved"),
        ),
    )
    seen = here.get(number, code).json
    assert (seen["state_name"], seen["reply"], seen["outcome"]) == ("已办结", "已划线并清理。", "solved")
    assert [step["step"] for step in seen["steps"]] == [
        "submitted",
        "accepted",
        "dispatched",
        "acknowledged",
        "contacted",
        "replied",
        "closed",
    ]


def test_a_batch_costs_the_same_number_of_statements_whatever_its_size(street: Make) -> None:
    from sqlalchemy import event

    here = street(limit_submissions="false")
    numbers = [here.post({**LETTER, "description": f"第{i}封信。"}).json["number"] for i in range(30)]

    def statements(batch: list[str], seq: int) -> int:
        count = 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        event.listen(here.database.engine, "before_cursor_execute", counted)
        tell(here, *(("dispatch", "case.dispatched", number, seq, handling(number, "dispatched")) for number in batch))
        event.remove(here.database.engine, "before_cursor_execute", counted)
        return count

    assert statements(numbers[:1], 1) == statements(numbers[1:], 1) == statements(numbers, 2)


def test_unknown_fields_of_an_event_are_no_error(street: Make) -> None:
    here = street()
    receipt = here.post().json
    tell(
        here,
        ("dispatch", "case.dispatched", receipt["number"], 1, handling(receipt["number"], "dispatched", new={"x": 1})),
    )
    assert here.get(receipt["number"], receipt["query_code"]).json["state"] == "dispatched"


def test_what_came_between_is_kept_and_shown(street: Make) -> None:
    here = street(accept_automatically="true")
    receipt = here.post().json
    number = receipt["number"]
    at = [(datetime.now(UTC) + timedelta(hours=n)).isoformat() for n in range(9)]
    done = {"contacted_at": at[3], "replied_at": at[4], "closed_at": at[5]}
    tell(
        here,
        ("dispatch", "case.dispatched", number, 2, handling(number, "dispatched")),
        ("dispatch", "case.handed_back", number, 3, handling(number, "handed_back", handed_back_at=at[1])),
        ("dispatch", "case.dispatched", number, 4, handling(number, "dispatched")),
        (
            "dispatch",
            "case.replied",
            number,
            5,
            handling(number, "replied", text="修好了", **done | {"closed_at": None}),
        ),
        ("dispatch", "case.closed", number, 6, handling(number, "closed", outcome="solved", **done)),
    )
    again = {"round": 2, "reopened_at": at[6], "contacted_at": at[3]}
    tell(here, ("dispatch", "case.reopened", number, 7, handling(number, "handling", **again)))
    seen = here.get(number, receipt["query_code"]).json
    assert (seen["state"], seen["reply"], seen["earlier_replies"]) == ("handling", None, ["修好了"])
    assert [step["step"] for step in seen["steps"]][2:] == [
        "dispatched",
        "handed_back",
        "contacted",
        "replied",
        "closed",
        "reopened",
    ]
    tell(here, ("dispatch", "case.withdrawn", number, 8, handling(number, "withdrawn", **again, withdrawn_at=at[7])))
    assert here.get(number, receipt["query_code"]).json["state"] == "withdrawn"
