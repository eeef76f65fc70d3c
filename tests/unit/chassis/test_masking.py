import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chassis.masking import mask, mask_numbers


@pytest.mark.parametrize(
    "written",
    [
        "13800000012",
        "+8613800000012",
        "+86 138 0000 0012",
        "0086-138-0000-0012",
        "013800000012",
        "138-0000-0012",
        "138 0000 0012",
        "138.0000.0012",
        "1 3 8 0 0 0 0 0 0 1 2",
        "138 - 0000 - 0012",
        "138—0000—0012",
        "１３８００００００１２",
        "１３８ 0000 ００１２",
        "138\u200b0000\u200b0012",
        "١٣٨٠٠٠٠٠٠١٢",
    ],
)
def test_a_mobile_is_masked_however_it_is_written(written):
    assert mask(f"请打{written}，谢谢") == "请打138****0012，谢谢"


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("身份证440306199001011234", "身份证440***********1234"),
        ("身份证44030619900101123X", "身份证440***********123X"),
        ("440306 19900101 1234", "440***********1234"),
        ("旧证440306900101123号", "旧证440********1123号"),
        ("座机0755-20000001", "座机0755-****01"),
        ("(0755)20000001", "0755-****01"),
        ("010 2000 0001", "010-****01"),
        ("电话：20000001", "电话：****01"),
        ("车牌粤B12345挡路", "车牌粤B***45挡路"),
        ("粤B·12345", "粤B***45"),
        ("粤BD12345", "粤B***45"),
        ("粤b12345d", "粤b***5d"),
        ("粤Ｂ１２３４５", "粤B***45"),
        ("粤Z1234港", "粤Z***4港"),
        ("粤B1234警", "粤B***4警"),
        ("卡号6222 0200 0000 0000 000", "卡号6222****0000"),
    ],
)
def test_other_numbers_that_lead_to_a_person_are_masked(written, masked):
    assert mask(written) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24 12:30 停水",
        "2026年11月24日",
        "20261124",
        "1月3日至15日",
        "收费12000元，已付1380元",
        "3栋1201室，电梯停在18楼",
        "编号 XA20261124000123",
        "工单20261124000123456",
        "每天13:30-15:30施工",
        "温度15.5 2026.11.24",
        "15 2026-11-24 3",
        "地址192.168.100.10",
        "400-800-1234",
        "12345热线，110，119",
        "京A座12楼",
        "苏Android手机",
        "面积138.5平方米",
        "1,380,000,000元",
    ],
)
def test_ordinary_numbers_stay_as_they_are(text):
    assert mask(text) == text


mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
words = st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=12)
gaps = st.sampled_from(["", "", " ", "-", " - ", "—", "　", "_"])


def spread(number, separators):
    return "".join(digit + gap for digit, gap in zip(number, [*separators, ""], strict=True))


written_mobiles = st.builds(spread, mobiles, st.lists(gaps, min_size=10, max_size=10))


def plain(text):
    return re.sub(r"[\s_—\-]", "", text)


@given(words, written_mobiles, words)
def test_no_mobile_survives_among_words(before, mobile, after):
    assume(not re.search(r"\d{4}[-—]\d+[-—]\d", mobile))  # a date beside a number is left alone
    assert plain(mobile) not in plain(mask(f"{before}{mobile}{after}"))


@given(st.lists(mobiles, min_size=1, max_size=4), st.sampled_from(["、", " ", "/", "，", "-", "\n"]))
def test_no_mobile_survives_in_a_list(numbers, separator):
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", mask(separator.join(numbers)))


@given(st.text())
def test_masking_twice_is_masking_once(text):
    assert mask(mask(text)) == mask(text)


@given(st.dates(), st.integers(0, 10**8), st.integers(1, 60))
def test_a_date_an_amount_and_a_floor_stay(day, amount, floor):
    text = f"{day:%Y-%m-%d}，{amount}元，{floor}楼，XA{day:%Y%m%d}{amount % 10**6:06d}"
    assert mask(text) == text


def test_a_log_line_loses_a_mobile_but_keeps_an_id():
    line = '{"to": "+8613800000012", "event": "0b1c2d3e-1380-4123-8567-138000000012"}'
    assert mask_numbers(line) == '{"to": "138****0012", "event": "0b1c2d3e-1380-4123-8567-138000000012"}'
