import inspect
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, validate

from chassis.web.messages import FALLBACK, flatten, translate

# A validator's or field's own sentence that an answer can never carry: it is about writing, not reading.
UNSEEN = {"format"}


def sentences():
    kinds = [kind for _, kind in inspect.getmembers(fields, inspect.isclass)]
    for kind in kinds:
        for name, sentence in vars(kind).get("default_error_messages", {}).items():
            if name not in UNSEEN:
                yield sentence.replace("{obj_type}", "datetime")
    for _, kind in inspect.getmembers(validate, inspect.isclass):
        for name, sentence in vars(kind).items():
            if name == "default_message" or (kind is validate.Length and name.startswith("message_")):
                yield sentence


@pytest.mark.parametrize("sentence", sorted(set(sentences())))
def test_every_sentence_of_marshmallow_has_a_chinese_one(sentence):
    names = [name for _, name, _, _ in string.Formatter().parse(sentence) if name]
    chinese = translate(sentence.format(**dict.fromkeys(names, "7")))
    assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)
    assert chinese != FALLBACK or "pattern" in sentence


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (validate.Length(2, 5), "a", "须为 2 至 5 个"),
        (validate.Length(max=5), "a" * 9, "至多 5 个"),
        (validate.Range(1, 9), 0, "须在 1 至 9 之间"),
        (validate.Range(min=1, min_inclusive=False), 0, "须大于 1"),
        (validate.Range(max=9, max_inclusive=False), 9, "须小于 9"),
        (validate.OneOf(["a", "b"]), "c", "只能是：a、b"),
        (validate.OneOf(["甲", "乙"]), "丙", "只能是：甲、乙"),
        (validate.Regexp("a"), "b", "格式不正确"),
    ],
)
def test_a_validator_says_its_limits_in_chinese(check, value, message):
    with pytest.raises(ValidationError) as caught:
        check(value)
    assert translate(caught.value.messages[0]) == message


def test_a_sentence_of_our_own_stays():
    assert translate("手机号码须为 11 位。") == "手机号码须为 11 位。"


@given(st.text(st.characters(max_codepoint=0x2FFF)))
def test_what_is_not_understood_is_never_passed_on(text):
    chinese = translate(text)
    assert chinese == FALLBACK or text not in chinese or not text


class Inner(Schema):
    name = fields.String(required=True)


class Outer(Schema):
    inner = fields.Nested(Inner)
    many = fields.List(fields.Integer())


def test_nested_fields_are_named_by_their_path():
    with pytest.raises(ValidationError) as caught:
        Outer().load({"inner": {}, "many": [1, "a"], "x": 1})
    assert flatten(caught.value.messages) == [
        {"field": "inner.name", "message": "必填"},
        {"field": "many.1", "message": "须为整数"},
        {"field": "x", "message": "没有这个字段"},
    ]
