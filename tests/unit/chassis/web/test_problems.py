import json

import flask
import flask_smorest
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chassis import metrics, web
from chassis.database import Database
from chassis.settings import Settings, SettingsError

ROOT = "/api/post/v1"


def test_a_refusal_is_problem_details_in_chinese(door, bearer):
    answer = door.post(f"{ROOT}/letters/XA1/accept", json={"name": "a"}, headers=bearer("officer", "centre"))
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "type": "urn:lianxin:problem:illegal_transition",
        "title": "Conflict",
        "status": 409,
        "code": "illegal_transition",
        "detail": "当前状态为 closed，可以：reopen、archive。",
        "errors": [
            {"field": "state", "code": "illegal_transition", "message": "当前状态为 closed，可以：reopen、archive。"}
        ],
        "data": {"state": "closed", "legal": ["reopen", "archive"]},
        "request_id": answer.headers["X-Request-Id"],
    }


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", f"{ROOT}/letters/XA1", 404, "case_not_found"),
        ("DELETE", f"{ROOT}/letters", 405, "method_not_allowed"),
        ("BREW", f"{ROOT}/letters", 405, "method_not_allowed"),
        ("GET", f"{ROOT}/store", 503, "unavailable"),
        ("GET", f"{ROOT}/bug", 500, "internal"),
    ],
)
def test_every_refusal_has_a_status_a_code_and_a_chinese_sentence(door, method, address, status, code):
    answer = door.open(address, method=method)
    assert (answer.status_code, answer.json["status"], answer.json["code"]) == (status, status, code)
    assert "\u4e00" <= answer.json["detail"][0] <= "\u9fff"


def test_a_bug_tells_nothing_outside(door):
    assert "13800000012" not in door.get(f"{ROOT}/bug").text


def test_a_wrong_method_names_the_right_ones(door):
    assert "POST" in door.delete(f"{ROOT}/letters").headers["Allow"]


def test_a_database_that_is_away_asks_to_come_back(door):
    assert door.get(f"{ROOT}/store").headers["Retry-After"] == "2"


def test_every_answer_carries_security_headers(door):
    for address in ("/nowhere", f"{ROOT}/public", f"{ROOT}/bug", f"{ROOT}/openapi.json"):
        headers = door.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("given", ["abc-123", "a" * 64])
def test_a_request_id_is_kept(door, given):
    assert door.get("/nowhere", headers={"X-Request-Id": given}).json["request_id"] == given


@pytest.mark.parametrize("given", ["", "a b", "a" * 65, "<script>", "张三".encode().decode("latin-1")])
def test_a_request_id_that_is_none_is_replaced(door, given):
    assert len(door.get("/nowhere", headers={"X-Request-Id": given}).json["request_id"]) == 32


def test_requests_are_counted_by_endpoint_and_not_by_address(door):
    door.get(f"{ROOT}/letters/XA1")
    door.get("/nowhere/XA1")
    door.open("/nowhere", method="X" * 50)
    text = metrics.exposition().decode()
    families = text_string_to_metric_families(text)
    seen = {tuple(sorted(each.labels.items())) for family in families for each in family.samples}
    assert any({("endpoint", "letters.read"), ("method", "GET"), ("status", "404")} <= set(labels) for labels in seen)
    assert "XA1" not in text and "XXX" not in text


def test_a_blueprint_whose_parser_would_let_bad_input_in_is_refused(settings):
    plain = flask_smorest.Blueprint("plain", __name__)
    with pytest.raises(TypeError, match="plain"):
        web.create_app("post", settings, Database(settings.database_url), blueprints=[plain])


def test_pages_may_stand_beside_the_api(settings):
    pages = flask.Blueprint("pages", __name__)
    pages.add_url_rule("/", view_func=lambda: "<p>连心</p>")
    app = web.create_app("post", settings, Database(settings.database_url), blueprints=[pages])
    assert app.test_client().get("/").text == "<p>连心</p>"


def test_production_does_not_open_without_a_way_to_check_tokens():
    settings = Settings(database_url="postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    with pytest.raises(SettingsError, match="JWKS is not set"):
        web.create_app("post", settings, Database(settings.database_url), blueprints=[])


def test_the_document_describes_views_tokens_headers_and_refusals(door):
    document = json.loads(door.get(f"{ROOT}/openapi.json").data)
    assert document["openapi"] == "3.1.0"
    write = document["paths"][f"{ROOT}/letters"]["post"]
    accept = document["paths"][f"{ROOT}/letters/{{number}}/accept"]["post"]
    assert write["summary"] == "Write a letter."
    assert "security" not in write
    assert (accept["security"], accept["x-roles"]) == ([{"bearer": []}], ["centre", "unit"])
    names = {each["$ref"].rsplit("/", 1)[-1] for each in accept["parameters"] if "$ref" in each}
    assert {"Idempotency-Key", "If-Match"} <= names
    refusal = document["components"]["responses"]["DEFAULT_ERROR"]["content"]["application/problem+json"]
    assert refusal["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_the_document_is_the_same_every_time(door, settings, app):
    assert door.get(f"{ROOT}/openapi.json").data == door.get(f"{ROOT}/openapi.json").data
