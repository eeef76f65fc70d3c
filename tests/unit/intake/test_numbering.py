"""Case numbers and the blocks they come from."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.numbering import LAST, Block, as_typed, day_of, number, serials
from services.intake.errors import NumbersExhausted


def test_a_number_is_prefix_date_and_six_digits() -> None:
    assert number("XA", date(2026, 11, 24), 123) == "XA20261124000123"


def test_the_day_changes_at_midnight_in_shanghai() -> None:
    assert day_of(datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 24)
    assert day_of(datetime(2026, 11, 24, 16, 0, 0, tzinfo=UTC)) == date(2026, 11, 25)


def test_a_seventh_digit_is_refused() -> None:
    assert number("XA", date(2026, 11, 24), LAST).endswith("999999")
    with pytest.raises(NumbersExhausted):
        number("XA", date(2026, 11, 24), LAST + 1)


def test_no_serial_belongs_to_two_restores() -> None:
    ranges = [serials(restores) for restores in range(25)]
    given_out = [serial for each in ranges for serial in each]
    assert len(given_out) == len(set(given_out)) and max(given_out) <= LAST
    assert serials(0).start == 1


def test_a_day_that_was_restored_too_often_has_no_numbers_left() -> None:
    with pytest.raises(NumbersExhausted):
        serials(25)


@given(st.integers(1, 500), st.integers(1, 200), st.integers(0, 300))
def test_a_block_gives_each_serial_once_and_then_nothing(start: int, size: int, asked: int) -> None:
    block = Block(date(2026, 11, 24), start, start + size - 1)
    taken = [block.next_serial() for _ in range(asked)]
    assert taken == [*range(start, start + min(asked, size)), *[None] * max(0, asked - size)]


def test_a_number_is_understood_however_it_is_typed() -> None:
    assert as_typed(" xa2026 1124 ００0123") == "XA20261124000123"
