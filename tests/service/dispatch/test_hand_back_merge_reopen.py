"""Hand-back and ruling, withdrawal, reopening, merging, and a unit's own notes, over HTTP and on the real database."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from services.dispatch.domain.handing_back import HAND_BACK_WITHIN
from tests.service.dispatch.office import STALLS, Intake, Office
from tests.service.dispatch.test_api import ANSWER, ORDER, TOLD, bring_to
from tests.support.clock import move_clock
from tests.support.events import message, published

NUMBER, OTHER = "XA20261124000001", "XA20261124000002"
CASE = f"/cases/{NUMBER}"
BACK = {"reason_code": "not_our_duty", "reason": "属城管职责，联系人13800000088"}
RULED = {"unit": "O02", "reason": "经研判属城管职责"}


@pytest.fixture
def waiting(office: Office) -> Office:
    office.take_in(Intake(NUMBER, text=STALLS), Intake(OTHER, text=STALLS))
    return office


def told(office: Office, number: str = NUMBER) -> list[dict[str, Any]]:
    rows = [row for row in published(office.database) if row["subject"] == number]
    return [{"type": row["type"], "seq": row["seq"], **json.loads(row["body"])} for row in rows]


def types(office: Office, number: str = NUMBER) -> list[str]:
    return [event["type"] for event in told(office, number)]


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


def test_a_case_handed_back_waits_for_a_ruling_and_keeps_its_deadline(waiting: Office) -> None:
    bring_to(waiting, "acknowledged")
    answer = waiting.post(f"{CASE}/hand_back", BACK, "unit", "O10")
    assert (answer.json["state"], answer.json["legal"]) == ("handed_back", ["merge", "ruling"])
    back = told(waiting)[-1]
    assert (back["reason_code"], back["handed_back_at"] is not None) == ("not_our_duty", True)
    assert "13800000088" not in back["reason"]
    ruled = waiting.post(f"{CASE}/ruling", RULED).json
    assert (ruled["state"], ruled["unit"], ruled["helpers"], ruled["handed_back_at"]) == ("dispatched", "O02", [], None)
    event = told(waiting)[-1]
    assert (event["type"], event["dispatched_by"], event["forced"]) == ("case.dispatched", "ruling", False)
    assert event["dispatched_at"] == told(waiting)[1]["dispatched_at"]
    assert "reason" not in event
    assert RULED["reason"] in [line["says"].get("reason") for line in ruled["log"]]
    assert waiting.get(CASE, "unit", "O10").status_code == 404


def test_a_case_sent_back_by_force_is_not_handed_back_again(waiting: Office) -> None:
    bring_to(waiting, "dispatched")
    waiting.post(f"{CASE}/hand_back", BACK, "unit", "O10")
    waiting.post(f"{CASE}/ruling", {"unit": "O10", "reason": "属贵办职责"})
    assert told(waiting)[-1]["forced"] is True
    answer = waiting.post(f"{CASE}/hand_back", BACK, "unit", "O10")
    assert refused(answer) == (409, "handed_back_already")
    assert "退件一次" in answer.json["detail"] or "退件一次" in answer.json["title"]


def test_a_hand_back_after_two_hours_is_too_late(waiting: Office) -> None:
    bring_to(waiting, "dispatched")
    move_clock(waiting.database, HAND_BACK_WITHIN * 1.01)
    assert refused(waiting.post(f"{CASE}/hand_back", BACK, "unit", "O10")) == (409, "too_late_to_hand_back")


@pytest.mark.parametrize(
    ("command", "body", "role", "unit", "expected"),
    [
        ("hand_back", BACK, "unit", "O02", (403, "not_lead_unit")),
        ("hand_back", BACK, "unit", "C09", (404, "case_not_found")),
        ("hand_back", BACK, "centre", None, (403, "forbidden")),
        ("ruling", RULED, "centre", None, (409, "illegal_transition")),
        ("ruling", RULED, "leader", None, (403, "forbidden")),
        ("handler", {"name": "李工"}, "unit", "O02", (403, "not_lead_unit")),
        ("work", {"text": "已到现场"}, "unit", "C09", (404, "case_not_found")),
        ("merge", {"into": OTHER}, "unit", "O10", (403, "forbidden")),
    ],
)
def test_each_detour_belongs_to_its_officer_and_its_state(
    waiting: Office, command: str, body: Any, role: str, unit: str | None, expected: tuple[int, str]
) -> None:
    bring_to(waiting, "dispatched")
    before = types(waiting)
    assert refused(waiting.post(f"{CASE}/{command}", body, role, unit)) == expected
    assert types(waiting) == before


@pytest.mark.parametrize(
    ("command", "body", "field"),
    [
        ("hand_back", {"reason_code": "lazy", "reason": "不想办"}, "reason_code"),
        ("hand_back", {"reason_code": "duplicate"}, "reason"),
        ("handler", {"name": "  "}, "name"),
        ("work", {"kind": "during", "text": "已到现场"}, "kind"),
        ("work", {"text": "已到现场", "media": ["m"] * 10}, "media"),
    ],
)
def test_a_detour_without_proper_words_is_refused(waiting: Office, command: str, body: Any, field: str) -> None:
    bring_to(waiting, "acknowledged")
    answer = waiting.post(f"{CASE}/{command}", body, "unit", "O10")
    assert answer.status_code == 422
    assert [e["field"].split(".")[0] for e in answer.json["errors"]] == [field]


def test_a_detour_sent_twice_happens_once_and_a_stale_one_not_at_all(waiting: Office) -> None:
    bring_to(waiting, "dispatched")
    seen = waiting.get(CASE).headers["ETag"]
    for _ in range(2):
        assert waiting.post(f"{CASE}/hand_back", BACK, "unit", "O10", Idempotency_Key="b1").status_code == 200
    assert types(waiting).count("case.handed_back") == 1
    assert refused(waiting.post(f"{CASE}/ruling", RULED, If_Match=seen)) == (412, "stale")


def test_a_withdrawn_case_is_over_and_stays_readable(waiting: Office) -> None:
    bring_to(waiting, "handling")
    waiting.receive(message(Intake(NUMBER).withdrawal_asked, "intake"))
    event = told(waiting)[-1]
    assert (event["type"], event["state"], event["withdrawn_at"] is not None) == ("case.withdrawn", "withdrawn", True)
    assert refused(waiting.post(f"{CASE}/reply", ANSWER, "unit", "O10")) == (409, "illegal_transition")
    assert waiting.get(CASE, "unit", "O10").json["log"][-1]["who"] == "resident"


def test_a_closed_case_is_not_withdrawn_any_more(waiting: Office) -> None:
    bring_to(waiting, "closed")
    waiting.receive(message(Intake(NUMBER).withdrawal_asked, "intake"))
    assert types(waiting)[-1] == "case.closed"


def test_dissatisfaction_reopens_once_and_the_second_time_changes_nothing(waiting: Office) -> None:
    bring_to(waiting, "closed")
    letter = Intake(NUMBER)
    waiting.receive(message(letter.rated("dissatisfied"), "intake"))
    event = told(waiting)[-1]
    assert (event["type"], event["grade"], event["round"], event["state"]) == (
        "case.reopened", "dissatisfied", 2, "handling",
    )  # fmt: skip
    assert (event["replied_at"], event["closed_at"], event["reopened_at"] is None) == (None, None, False)
    waiting.post(f"{CASE}/reply", ANSWER, "unit", "O10")
    waiting.post(f"{CASE}/review", {"decision": "close", "outcome": "solved"})
    waiting.receive(message(letter.rated("very_dissatisfied", 2, 5), "intake"))
    assert types(waiting)[-3:] == ["case.reopened", "case.replied", "case.closed"]


def test_a_merged_case_and_its_main_one_are_answered_together(waiting: Office) -> None:
    bring_to(waiting, "dispatched")
    answer = waiting.post(f"/cases/{OTHER}/merge", {"into": NUMBER})
    assert (answer.json["state"], answer.json["merged_into"], answer.json["legal"]) == ("merged", NUMBER, [])
    assert waiting.get(CASE).json["followers"] == [OTHER]
    assert waiting.get(f"/cases/{OTHER}", "unit", "O10").status_code == 200
    waiting.post(f"{CASE}/acknowledge", {}, "unit", "O10")
    waiting.post(f"{CASE}/contact", TOLD, "unit", "O10")
    assert types(waiting, OTHER)[-1] == "case.contacted"
    waiting.post(f"{CASE}/reply", ANSWER, "unit", "O10")
    waiting.post(f"{CASE}/review", {"decision": "close", "outcome": "solved"})
    assert types(waiting, OTHER) == ["case.triaged", "case.merged", "case.contacted", "case.replied", "case.closed"]
    replied, closed = told(waiting, OTHER)[-2:]
    assert (replied["text"], replied["at"]) == (ANSWER["text"], told(waiting)[-2]["at"])
    assert (closed["state"], closed["merged_into"]) == ("closed", NUMBER)
    assert [event["seq"] for event in told(waiting, OTHER)] == [1, 2, 3, 4, 5]
    assert waiting.get(CASE).json["followers"] == []


@pytest.mark.parametrize(("into", "code"), [("XA20261124999999", "main_not_found"), (NUMBER, "into_itself")])
def test_a_case_goes_into_no_case_that_is_not_there(waiting: Office, into: str, code: str) -> None:
    answer = waiting.post(f"{CASE}/merge", {"into": into})
    assert answer.status_code == 422
    assert [(e["field"], e["code"]) for e in answer.json["errors"]] == [("into", code)]


def test_a_restricted_letter_is_no_main_case_of_an_open_one(waiting: Office) -> None:
    waiting.post(f"{CASE}/dispatch", {**ORDER, "helpers": [], "restricted": True})
    answer = waiting.post(f"/cases/{OTHER}/merge", {"into": NUMBER})
    assert answer.json["errors"][0]["code"] == "merge_restricted"


def test_a_units_own_notes_are_in_the_log_and_in_no_event(waiting: Office) -> None:
    bring_to(waiting, "handling")
    before = types(waiting)
    named = waiting.post(f"{CASE}/handler", {"name": "李工"}, "unit", "O10")
    assert (named.json["handler"], named.json["state"]) == ("李工", "handling")
    note = {"kind": "after", "text": "净化器已装好", "media": ["5f1d"]}
    noted = waiting.post(f"{CASE}/work", note, "unit", "O02", If_Match=named.headers["ETag"])
    assert noted.status_code == 200
    assert [(line["type"], line["seq"], line["says"]) for line in noted.json["log"][-2:]] == [
        ("handler", None, {"handler": "李工"}), ("work", None, note),
    ]  # fmt: skip
    assert types(waiting) == before
    waiting.post(f"{CASE}/reply", {**ANSWER, "media": ["5f1d"]}, "unit", "O10")
    event = told(waiting)[-1]
    assert "media" not in event
    assert "李工" not in json.dumps(event, ensure_ascii=False)
    assert waiting.get(CASE).json["log"][-1]["says"]["media"] == ["5f1d"]


def test_what_intake_found_of_the_same_telephone_is_kept(office: Office) -> None:
    draft = Intake(NUMBER).submitted
    office.receive(message(draft, "intake", extra={"same_telephone": [OTHER]}))
    with office.database.transaction() as tx:
        assert tx.execute(text("select same_telephone from cases")).scalar_one() == [OTHER]
