"""Every public field wrong, missing, too long or wrongly encoded: a 4xx with a code and the field, and nothing stored."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from tests.service.intake.conftest import LETTER, Street

Make = Callable[..., Street]

BAD: list[tuple[str, Any]] = [
    ("kind", None), ("kind", "wish"), ("kind", 3), ("kind", ["help"]),
    ("name", ""), ("name", "  "), ("name", "名" * 51), ("name", 5), ("name", {}),
    ("mobile", ""), ("mobile", "12345678901"), ("mobile", "1380000000"), ("mobile", "138000000011"), ("mobile", 13800000001),
    ("mobile", "１３８００００００"), ("mobile", "13800000a01"),
    ("description", None), ("description", "短"), ("description", " \n\t 短  "), ("description", "长" * 10_001), ("description", 1),
    ("place", "远" * 201), ("place", 7),
    ("community", "C00"), ("community", "C22"), ("community", "灵芝"), ("community", 7), ("community", ["C01"]),
    ("identity", "secret"), ("identity", None), ("identity", True),
    ("channel", "import"), ("channel", "pigeon"),
    ("colour", "red"), ("query_code", "22222222"),
]  # fmt: skip


def nothing_stored(here: Street) -> bool:
    with here.database.transaction() as tx:
        return not any(
            tx.execute(text(f"select count(*) from {table}")).scalar_one()
            for table in ("cases", "identities", "outbox", "idempotency", "tallies")
        )


@pytest.fixture
def here(street: Make) -> Street:
    return street()


def test_each_wrong_value_is_refused_with_its_field_in_chinese(here: Street) -> None:
    for field, value in BAD:
        answer = here.post({**LETTER, field: value})
        assert answer.status_code == 422, (field, value, answer.text)
        assert answer.content_type == "application/problem+json"
        assert [error["field"] for error in answer.json["errors"]] == [field], (field, value, answer.text)
        said = answer.json["errors"][0]["message"]
        assert any("\u4e00" <= character <= "\u9fff" for character in said), (field, value, said)
    assert nothing_stored(here)


def test_each_missing_value_is_refused_with_its_field(here: Street) -> None:
    for field in ("kind", "name", "mobile", "description"):
        answer = here.post({name: value for name, value in LETTER.items() if name != field})
        assert answer.status_code == 422 and [error["field"] for error in answer.json["errors"]] == [field]
    assert nothing_stored(here)


def test_all_faults_are_named_together(here: Street) -> None:
    answer = here.post({"identity": "withheld", "description": "x"})
    assert {error["field"] for error in answer.json["errors"]} == {"kind", "name", "mobile", "description"}


def test_no_refusal_repeats_what_was_typed(here: Street) -> None:
    answer = here.post({**LETTER, "mobile": "13800000099x", "kind": "机密内容"})
    assert "13800000099" not in answer.text and "机密内容" not in answer.text


BODIES: list[tuple[bytes, int, str]] = [
    (b"", 422, "invalid"), (b"{", 400, "bad_json"), (b"[]", 422, "invalid"), (b'"x"', 422, "invalid"), (b"null", 422, "invalid"),
    (b'{"description": "\\u0000\\u0000\\u0000"}', 400, "bad_text"), (b'{"name": "\\ud800"}', 400, "bad_text"),
    ('{"name": "张"}'.encode("gb18030"), 400, "bad_json"), (b"{}" + b" " * (10 << 20), 413, "too_large"),
]  # fmt: skip


def test_a_body_that_is_no_letter_is_refused(here: Street) -> None:
    for body, status, code in BODIES:
        answer = here.client.post("/api/intake/v1/cases", data=body, content_type="application/json")
        assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert nothing_stored(here)


def test_a_form_is_refused(here: Street) -> None:
    answer = here.client.post("/api/intake/v1/cases", data=dict(LETTER))
    assert 400 <= answer.status_code < 500 and answer.json["code"]


def test_a_strange_query_code_opens_nothing(here: Street) -> None:
    number = here.post().json["number"]
    for code in ("", "x" * 65, "é" * 8, "' or 1=1 --", "\t"):
        answer = here.client.get(f"/api/intake/v1/cases/{number}", headers={"Query-Code": code})
        assert answer.status_code in (404, 422) and answer.json["code"] in ("case_not_found", "invalid"), code


def test_a_strange_number_is_not_found(here: Street) -> None:
    for number in ("x" * 3000, "%00", "%ff", "XA2026'--", "％"):
        answer = here.client.get(f"/api/intake/v1/cases/{number}", headers={"Query-Code": "22222222"})
        assert answer.status_code in (400, 404, 414), answer.text


def test_what_only_looks_odd_is_taken(here: Street) -> None:
    letter = {
        **LETTER,
        "name": " 张\u3000三 ",
        "mobile": "＋86 １３８-0000-0001",
        "description": "第一行\r\n第二行\u0007\u200b",
        "place": None,
        "community": "",
    }
    number = here.post(letter).json["number"]
    case = here.desk(f"/{number}").json
    assert case["description"].startswith("第一行\n第二行") and case["name"] == "张**" and case["community"] is None
