"""What is given out of a writer, by purpose."""

import pytest

from services.intake.domain.contacts import MOST, PURPOSES, contact, fields_for
from services.intake.domain.identity import Writer
from services.intake.errors import TooManyCases, UnknownPurpose

WRITER = Writer("欧阳小禾", "13800000001", "7KQ4MR2B")


def test_only_the_receipt_carries_the_query_code() -> None:
    assert [purpose for purpose, fields in PURPOSES.items() if "query_code" in fields] == ["received"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_name_is_never_given_out(purpose: str) -> None:
    given = contact(WRITER, fields_for(purpose, 1))
    assert given is not None and "欧阳小禾" not in given.values()


def test_a_writer_without_a_telephone_is_absent() -> None:
    assert contact(Writer(None, None, "7KQ4MR2B"), ("mobile",)) is None


def test_an_unknown_purpose_is_refused() -> None:
    with pytest.raises(UnknownPurpose):
        fields_for("curiosity", 1)


def test_more_than_a_reply_may_carry_is_refused() -> None:
    fields_for("closed", MOST)
    with pytest.raises(TooManyCases):
        fields_for("closed", MOST + 1)
