"""Who wrote the letter, checked and masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.identity import is_mobile, masked_mobile, masked_name, mobile_as_typed


@pytest.mark.parametrize(
    "typed",
    ["13800000001", "138 0000 0001", "138-0000-0001", "+8613800000001", "0086 13800000001", "１３８０００００００１"],
)
def test_a_mobile_is_understood_however_it_is_typed(typed: str) -> None:
    assert mobile_as_typed(typed) == "13800000001" and is_mobile(mobile_as_typed(typed))


@pytest.mark.parametrize(
    "wrong", ["", "12345678901", "1380000000", "138000000011", "23800000001", "1380000000a", "+1 3800000001"]
)
def test_what_is_no_mobile_is_refused(wrong: str) -> None:
    assert not is_mobile(mobile_as_typed(wrong))


@pytest.mark.parametrize(
    ("name", "shown"),
    [("张三", "张*"), ("张小三", "张**"), ("欧阳禾", "欧阳*"), ("欧阳", "欧阳*"), ("王", "王*"), (None, None)],
)
def test_a_name_shows_its_surname(name: str | None, shown: str | None) -> None:
    assert masked_name(name) == shown


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_masked_mobile_shows_seven_digits(mobile: str) -> None:
    shown = masked_mobile(mobile)
    assert shown is not None and len(shown) == 11 and shown[3:7] == "****" and mobile not in shown


def test_nothing_is_masked_as_nothing() -> None:
    assert masked_mobile(None) is None
