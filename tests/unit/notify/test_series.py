"""Numbers of letters: domain.md C4."""

from datetime import UTC, datetime

import pytest

from services.notify.domain import series


def test_a_number_has_the_form_of_the_standard() -> None:
    assert series.letter_number("宝新警示", 2026, 1) == "宝新警示〔2026〕1号"
    assert series.NUMBER.match("宝新警示〔2023〕1号")
    assert series.NUMBER.match("宝新警示〔2026〕1234号")


@pytest.mark.parametrize(
    "number",
    [
        "宝新警示[2023]1号",
        "宝新警示〔23〕1号",
        "宝新警示〔2023〕01号",
        "宝新警示〔2023〕第1号",
        "宝新警示〔2023〕0号",
        "BX〔2023〕1号",
    ],
)
def test_other_forms_are_refused(number: str) -> None:
    assert not series.NUMBER.match(number)


def test_a_code_that_makes_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a letter number"):
        series.letter_number("宝", 2026, 1)
    with pytest.raises(ValueError, match="not a letter number"):
        series.letter_number("宝新警示", 2026, 0)


def test_the_year_turns_at_midnight_in_shanghai() -> None:
    assert series.year_of(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)) == 2026
    assert series.year_of(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == 2027
