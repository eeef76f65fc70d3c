"""A proof of work is easy to check and binds to its question."""

import pytest

from services.intake.domain.challenge import solved
from tests.support.challenge import answer


def test_an_answer_is_found_and_fits_its_question_alone() -> None:
    found = answer("question", 12)
    assert solved("question", found, 12) and not solved("another question", found, 12)


def test_harder_is_harder() -> None:
    found = answer("question", 4)
    assert not solved("question", found, 24)


@pytest.mark.parametrize("given", ["", "-1", "１２", "1" * 21, "abc", "1.0"])
def test_what_is_no_number_is_no_answer(given: str) -> None:
    assert not solved("question", given, 1)
