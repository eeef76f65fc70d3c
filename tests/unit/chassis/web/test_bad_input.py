import json

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

LETTERS = "/api/post/v1/letters"


def post(door, body, content_type="application/json", **options):
    return door.post(LETTERS, data=body, content_type=content_type, **options)


def fields_of(answer):
    return [each["field"] for each in answer.json["errors"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rb'{"name": "a\u0000b"}', "name"),
        (rb'{"name": "\ud83d"}', "name"),
        (rb'{"name": "a", "lines": [{}, {"name": "\udc00"}]}', "lines.1.name"),
        (rb'{"name": "a", "extra": {"deep": ["\u0000"]}}', "extra.deep.0"),
        (rb'{"a\u0000": 1}', "body"),
        (rb'{"extra": {"\ud800": 1}}', "extra"),
        (rb'"\u0000"', "body"),
    ],
)
def test_text_that_cannot_be_stored_is_refused_by_field(door, body, field):
    answer = post(door, body)
    assert (answer.status_code, answer.json["code"], fields_of(answer)) == (400, "bad_text", [field])


def test_a_pair_of_surrogates_is_a_character_like_any_other(door):
    assert post(door, rb'{"name": "\ud83d\ude00"}').json["name"] == "😀"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'name': 1}",
        b'{"name": "a"} x',
        b'{"name": "a\x00"}',
        b'{"floor": NaN}',
        b'{"floor": Infinity}',
        b'{"floor": 1e999}',
        b'{"floor": ' + b"9" * 5000 + b"}",
        b'{"floor": 9223372036854775808}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'\xff{"name": "a"}',
        '{"name": "a"}'.encode("utf-16"),
        '{"name": "张三"}'.encode("gb18030"),
        b'{"name": "\xed\xa0\x80"}',
    ],
)
def test_a_body_that_is_no_json_in_utf_8_is_refused(door, body):
    answer = post(door, body)
    assert (answer.status_code, answer.json["code"]) == (400, "bad_json")


@pytest.mark.parametrize("body", [b"null", b"[]", b'"a"', b"1", b"[{}]"])
def test_json_that_is_no_object_is_refused(door, body):
    answer = post(door, body)
    assert (answer.status_code, fields_of(answer)) == (422, ["body"])


def test_a_body_in_another_form_is_refused(door):
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk", None):
        answer = post(door, b'{"name": "a"}', content_type)
        assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type"), content_type


def test_a_compressed_body_is_refused(door):
    answer = post(door, b'{"name": "a"}', headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=UTF-8"])
def test_json_in_utf_8_is_taken(door, content_type):
    assert post(door, '{"name": "张三"}'.encode(), content_type).json == {"name": "张三"}


def test_a_body_of_ten_megabytes_is_refused(door):
    answer = post(door, b'{"name": "' + b"a" * 10_000_000 + b'"}')
    assert (answer.status_code, answer.json["code"]) == (413, "too_large")


@pytest.mark.parametrize("address", ["\x00", "a\x00b", "\xff", "\xed\xa0\x80", "\xc0\x80"])
def test_an_address_that_is_no_text_is_refused(door, address):
    # As a server hands it over: bytes of the address as Latin-1 (PEP 3333).
    answer = door.get(LETTERS, environ_overrides={"PATH_INFO": f"{LETTERS}/{address}"})
    assert (answer.status_code, answer.json["code"], fields_of(answer)) == (400, "bad_text", ["path"])


@pytest.mark.parametrize(
    ("query", "field"), [("limit=%00", "limit"), ("limit=%ff", "limit"), ("%00=1", "query"), ("a=1&b=%ed%a0%80", "b")]
)
def test_a_query_that_is_no_text_is_refused_by_name(door, query, field):
    answer = door.get(f"{LETTERS}?{query}")
    assert (answer.status_code, answer.json["code"], fields_of(answer)) == (400, "bad_text", [field])


def test_a_form_with_text_that_cannot_be_stored_is_refused(door):
    answer = post(door, b"name=a%00", "application/x-www-form-urlencoded")
    assert (answer.json["code"], fields_of(answer)) == ("bad_text", ["name.0"])


def test_fields_that_no_schema_knows_are_named_in_body_and_query(door):
    body, query = post(door, b'{"name": "a", "nmae": "b"}'), door.get(f"{LETTERS}?limt=3")
    assert (body.status_code, body.json["errors"]) == (422, [{"field": "nmae", "message": "没有这个字段"}])
    assert (query.status_code, fields_of(query)) == (422, ["limt"])


def test_an_empty_body_misses_what_is_required(door):
    assert post(door, b"").json["errors"] == [{"field": "name", "message": "必填"}]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=8,
)


@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["name", "kind", "floor", "at", "lines", "extra", "x"]), json_values))
def test_no_json_whatever_breaks_the_door(door, body):
    answer = post(door, json.dumps(body).encode())
    assert answer.status_code in (201, 400, 422)


@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_no_bytes_whatever_break_the_door(door, body):
    assert post(door, body).status_code in (400, 422)
