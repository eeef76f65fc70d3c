"""The front door of dispatch: one case from the centre's queue to its closure, and everything that must be refused."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.service.dispatch.office import METRO, STALLS, Intake, Office
from tests.support.events import published

NUMBER = "XA20261124000001"
CASE = f"/cases/{NUMBER}"
ORDER = {"unit": "O10", "helpers": ["O02"], "complexity": "simple"}
TOLD = {"process": "今天上门检测油烟，明天答复您", "means": "telephone", "promised_at": "2030-01-01T12:00:00+08:00"}
ANSWER = {"text": "已责令餐馆安装净化设施，油烟已达标。"}


@pytest.fixture
def waiting(office: Office) -> Office:
    office.take_in(Intake(NUMBER, text=STALLS))
    return office


def types(office: Office) -> list[tuple[str, int]]:
    return [(row["type"], row["seq"]) for row in published(office.database) if row["subject"] == NUMBER]


def last_body(office: Office) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(published(office.database)[-1]["body"])
    return body


def bring_to(office: Office, state: str) -> None:
    steps = [
        ("dispatched", "dispatch", ORDER, "centre", None),
        ("acknowledged", "acknowledge", {}, "unit", "O10"),
        ("handling", "contact", TOLD, "unit", "O10"),
        ("replied", "reply", ANSWER, "unit", "O10"),
        ("closed", "review", {"decision": "close", "outcome": "solved"}, "centre", None),
    ]
    for reached, command, body, role, unit in steps:
        answer = office.post(f"{CASE}/{command}", body, role, unit)
        assert (answer.status_code, answer.json.get("state")) == (200, reached)
        if reached == state:
            return


def test_a_case_goes_from_the_queue_to_its_closure_and_tells_each_step_once(waiting: Office) -> None:
    bring_to(waiting, "closed")
    assert types(waiting) == [
        ("case.triaged", 1),
        ("case.dispatched", 2),
        ("case.acknowledged", 3),
        ("case.contacted", 4),
        ("case.replied", 5),
        ("case.closed", 6),
    ]
    closed = last_body(waiting)
    assert (closed["state"], closed["outcome"], closed["unit_name"]) == ("closed", "solved", "生态水务办公室")
    assert closed["replied_at"] < closed["closed_at"]
    detail = waiting.get(CASE).json
    assert (detail["reply"], detail["outcome"], detail["legal"]) == (ANSWER["text"], "solved", [])
    assert [line["who"] for line in detail["log"]] == [
        "rule", "centre-street", "unit-O10", "unit-O10", "unit-O10", "centre-street",
    ]  # fmt: skip


def test_a_reply_sent_back_is_handled_again_and_keeps_its_place_in_the_log(waiting: Office) -> None:
    bring_to(waiting, "replied")
    answer = waiting.post(f"{CASE}/review", {"decision": "send_back", "reason": "请说明检测结果"})
    assert (answer.json["state"], answer.json["replied_at"], answer.json["reply"]) == ("handling", None, None)
    assert ANSWER["text"] in [line["says"].get("text") for line in answer.json["log"]]
    assert last_body(waiting)["reason"] == "请说明检测结果"


@pytest.mark.parametrize(
    ("command", "body", "role", "unit"),
    [
        ("dispatch", ORDER, "centre", None),
        ("contact", TOLD, "unit", "O10"),
        ("reply", ANSWER, "unit", "O10"),
        ("review", {"decision": "close", "outcome": "solved"}, "centre", None),
    ],
)
def test_an_illegal_command_is_told_what_would_be_legal(
    waiting: Office, command: str, body: dict[str, Any], role: str, unit: str | None
) -> None:
    bring_to(waiting, "dispatched")
    before = types(waiting)
    answer = waiting.post(f"{CASE}/{command}", body, role, unit)
    assert (answer.status_code, answer.json["code"]) == (409, "illegal_transition")
    assert answer.json["data"] == {"state": "dispatched", "legal": ["acknowledge", "hand_back", "handler", "merge"]}
    assert types(waiting) == before


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"complexity": None}, "complexity", None),
        ({"complexity": "hard"}, "complexity", None),
        ({"unit": "C99"}, "unit", "unit_unknown"),
        ({"helpers": ["C99"]}, "helpers", "unit_unknown"),
        ({"helpers": ["O10"]}, "helpers", "lead_is_helper"),
        ({"category": "天文"}, "category", "category_unknown"),
        ({"unit": ""}, "unit", None),
        ({"extra": 1}, "extra", None),
    ],
)
def test_a_wrong_order_names_its_field_and_changes_nothing(
    waiting: Office, change: dict[str, Any], field: str, code: str | None
) -> None:
    answer = waiting.post(f"{CASE}/dispatch", {**ORDER, **change})
    assert answer.status_code == 422
    assert [(e["field"], e.get("code")) for e in answer.json["errors"]] == [(field, code)]
    assert types(waiting) == [("case.triaged", 1)]


def test_an_order_without_complexity_is_refused(waiting: Office) -> None:
    answer = waiting.post(f"{CASE}/dispatch", {"unit": "O10"})
    assert answer.json["errors"] == [{"field": "complexity", "message": "必填"}]


def test_an_order_keeps_what_triage_found_unless_it_says_otherwise(waiting: Office) -> None:
    answer = waiting.post(f"{CASE}/dispatch", {"unit": "O02", "complexity": "complex", "priority": True, "helpers": []})
    assert (answer.json["category"], answer.json["complexity"]) == ("生态环境", "complex")
    assert (answer.json["priority"], answer.json["sensitive"], answer.json["helpers"]) == (True, False, [])


def test_a_unit_that_triage_proposed_as_helper_may_lead_without_naming_the_helpers_again(waiting: Office) -> None:
    suggested = waiting.get(CASE).json["suggestion"]
    with waiting.database.transaction() as tx:
        tx.execute(text("""update cases set study = jsonb_set(study, '{helpers}', '["O02", "T01"]')"""))
    answer = waiting.post(f"{CASE}/dispatch", {"unit": "O02", "complexity": "simple"})
    assert suggested != "O02"
    assert (answer.status_code, answer.json["unit"], answer.json["helpers"]) == (200, "O02", ["T01"])


@pytest.mark.parametrize(
    ("command", "body", "field"),
    [
        ("contact", {**TOLD, "process": "  "}, "process"),
        ("contact", {**TOLD, "process": "长" * 1001}, "process"),
        ("contact", {**TOLD, "means": "pigeon"}, "means"),
        ("contact", {**TOLD, "promised_at": "2030-01-01T12:00:00"}, "promised_at"),
        ("contact", {**TOLD, "promised_at": "2020-01-01T12:00:00Z"}, "promised_at"),
        ("contact", {"means": "sms"}, "process"),
    ],
)
def test_a_contact_without_proper_words_is_refused(
    waiting: Office, command: str, body: dict[str, Any], field: str
) -> None:
    bring_to(waiting, "acknowledged")
    answer = waiting.post(f"{CASE}/{command}", body, "unit", "O10")
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json["errors"]] == [field]


@pytest.mark.parametrize("text", [None, "", "   ", "好的", "长" * 5001, 5])
def test_an_empty_or_overlong_reply_is_refused(waiting: Office, text: object) -> None:
    bring_to(waiting, "handling")
    answer = waiting.post(f"{CASE}/reply", {"text": text}, "unit", "O10")
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json["errors"]] == ["text"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "decision"),
        ({"decision": "maybe"}, "decision"),
        ({"decision": "close"}, "outcome"),
        ({"decision": "send_back"}, "reason"),
        ({"decision": "send_back", "reason": " "}, "reason"),
    ],
)
def test_a_review_needs_a_decision_and_what_belongs_to_it(waiting: Office, body: dict[str, Any], field: str) -> None:
    bring_to(waiting, "replied")
    answer = waiting.post(f"{CASE}/review", body)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json["errors"]] == [field]


def test_a_character_that_can_not_be_stored_is_refused_before_anything_happens(waiting: Office) -> None:
    bring_to(waiting, "handling")
    answer = waiting.post(f"{CASE}/reply", {"text": "已处理完毕\u0000。"}, "unit", "O10")
    assert (answer.status_code, answer.json["code"]) == (400, "bad_text")
    assert waiting.get(CASE).json["state"] == "handling"


def test_numbers_in_free_text_leave_masked_and_stay_in_full_for_the_office(waiting: Office) -> None:
    bring_to(waiting, "handling")
    waiting.post(f"{CASE}/reply", {"text": "请联系经办人13800000088了解详情。"}, "unit", "O10")
    assert "13800000088" not in last_body(waiting)["text"]
    assert "13800000088" in waiting.get(CASE).json["reply"]


def test_another_units_case_is_not_found(waiting: Office) -> None:
    bring_to(waiting, "dispatched")
    for answer in (
        waiting.get(CASE, "unit", "C09"),
        waiting.post(f"{CASE}/acknowledge", {}, "unit", "C09"),
        waiting.get("/cases/XA20261124999999", "unit", "C09"),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "case_not_found")
    assert waiting.get("/cases", "unit", "C09").json["cases"] == []


def test_a_helper_reads_the_case_and_leaves_it_to_the_lead(waiting: Office) -> None:
    bring_to(waiting, "dispatched")
    assert waiting.get(CASE, "unit", "O02").status_code == 200
    answer = waiting.post(f"{CASE}/acknowledge", {}, "unit", "O02")
    assert (answer.status_code, answer.json["code"]) == (403, "not_lead_unit")


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("dispatch", "unit"),
        ("review", "unit"),
        ("dispatch", "operator"),
        ("acknowledge", "centre"),
        ("reply", "leader"),
    ],
)
def test_each_command_belongs_to_its_role(waiting: Office, command: str, role: str) -> None:
    answer = waiting.post(f"{CASE}/{command}", {}, role, "O10")
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize("role", ["leader", "supervisor"])
def test_what_the_centre_can_decide_nobody_above_it_decides(waiting: Office, role: str) -> None:
    answer = waiting.post(f"{CASE}/dispatch", ORDER, role)
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


def test_nobody_comes_in_without_a_token(waiting: Office) -> None:
    for path in ("/cases", CASE, "/units", "/duties"):
        assert waiting.client.get(f"/api/dispatch/v1{path}").status_code == 401


def test_of_two_who_act_on_the_same_case_the_second_is_told_to_look_again(waiting: Office) -> None:
    seen = waiting.get(CASE).headers["ETag"]
    assert waiting.post(f"{CASE}/dispatch", ORDER, If_Match=seen).status_code == 200
    late = waiting.post(f"{CASE}/acknowledge", {}, "unit", "O10", If_Match=seen)
    assert (late.status_code, late.json["code"]) == (412, "stale")


def test_a_command_sent_again_has_one_effect_and_the_same_answer(waiting: Office) -> None:
    first = waiting.post(f"{CASE}/dispatch", ORDER, Idempotency_Key="k1")
    again = waiting.post(f"{CASE}/dispatch", ORDER, Idempotency_Key="k1")
    assert (first.status_code, again.status_code, again.json) == (200, 200, first.json)
    assert types(waiting) == [("case.triaged", 1), ("case.dispatched", 2)]
    other = waiting.post(f"{CASE}/dispatch", {**ORDER, "unit": "O02", "helpers": []}, Idempotency_Key="k1")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


ABOUT = METRO + "城管队员收钱不办事。"


def test_the_unit_a_letter_is_about_finds_no_trace_of_it(office: Office) -> None:
    office.take_in(Intake(NUMBER, text=ABOUT))
    refused = office.post(f"{CASE}/dispatch", {"unit": "O02", "complexity": "simple"})
    assert (refused.status_code, refused.json["code"]) == (422, "unit_concerned")
    sent = office.post(f"{CASE}/dispatch", {"unit": "C01", "helpers": ["T01"], "complexity": "simple"})
    assert (sent.status_code, sent.json["restricted"]) == (200, True)
    assert office.get(CASE, "unit", "O02").status_code == 404
    assert office.get("/cases", "unit", "O02").json["cases"] == []
    assert office.get(CASE, "unit", "C01").status_code == 200
    assert office.get(CASE, "unit", "T01").status_code == 404
    assert published(office.database)[-1]["restricted"] is True


def test_a_letter_about_the_centre_is_dispatched_by_the_leaders(office: Office) -> None:
    office.take_in(Intake(NUMBER, text="诉求中心工作人员态度恶劣。"))
    assert office.get(CASE).status_code == 404
    assert office.get("/cases").json["cases"] == []
    sent = office.post(f"{CASE}/dispatch", {"unit": "O01", "complexity": "complex"}, "leader")
    assert (sent.status_code, sent.json["state"]) == (200, "dispatched")


def test_the_centre_may_restrict_a_letter_by_hand(waiting: Office) -> None:
    waiting.post(f"{CASE}/dispatch", {**ORDER, "restricted": True})
    assert waiting.get(CASE, "unit", "O02").status_code == 404
    assert waiting.get(CASE, "unit", "O10").status_code == 200


def test_lists_go_on_where_the_last_page_ended(office: Office) -> None:
    office.take_in(*(Intake(f"XA2026112400{i:04d}", community=f"C{1 + i % 2:02d}") for i in range(7)))
    pages, after = [], ""
    while after is not None:
        page = office.get(f"/cases?limit=3&after={after}").json
        pages.append([case["number"][-1] for case in page["cases"]])
        after = page["next"]
    assert pages == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert [c["number"][-1] for c in office.get("/cases", "unit", "C02").json["cases"]] == ["1", "3", "5"]
    assert [c["number"][-1] for c in office.get("/cases?unit=C01&state=dispatched").json["cases"]] == [
        "0",
        "2",
        "4",
        "6",
    ]
    assert office.get("/cases?state=closed").json["cases"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "state=lost", "page=2"])
def test_a_wrong_query_is_refused(office: Office, query: str) -> None:
    assert office.get(f"/cases?{query}").status_code == 422


def test_units_and_duties_are_listed_without_telephones(office: Office) -> None:
    units = office.get("/units", "unit", "C01")
    assert len(units.json["units"]) == 38
    assert "1380000" not in units.text
    found = office.get("/duties").json
    assert (found["version"], len(found["duties"]) >= 60) == ("demo-2026.1", True)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [
        "unit",
        "helpers",
        "complexity",
        "category",
        "priority",
        "sensitive",
        "restricted",
        "process",
        "means",
        "promised_at",
        "text",
        "decision",
        "outcome",
        "reason",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["dispatch", "acknowledge", "contact", "reply", "review"]),
    st.dictionaries(FIELDS, ANYTHING, max_size=8) | ANYTHING,
)
def test_no_body_whatever_is_more_than_refused(waiting: Office, command: str, body: object) -> None:
    role, unit = ("unit", "O10") if command in ("acknowledge", "contact", "reply") else ("centre", None)
    answer = waiting.post(f"{CASE}/{command}", body, role, unit)
    assert 400 <= answer.status_code < 500
    assert answer.json["code"]
    assert types(waiting) == [("case.triaged", 1)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_no_number_whatever_finds_more_than_nothing(waiting: Office, number: str) -> None:
    answer = waiting.get(f"/cases/{quote(number, safe='', errors='surrogatepass')}")
    assert answer.status_code in (308, 400, 404) or number == ""
