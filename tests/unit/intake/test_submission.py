"""Text as it is kept."""

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.submission import UNSEEN, clean_text


def test_line_ends_are_one_kind_and_ends_are_trimmed() -> None:
    assert clean_text(" 第一行\r\n第二行\t。 ") == "第一行\n第二行\t。"


def test_what_nobody_can_see_is_no_content() -> None:
    assert clean_text("\u200b\ufeff\x07\u202e") == ""


@given(st.text(max_size=100))
def test_kept_text_stays_as_it_is(text: str) -> None:
    kept = clean_text(text)
    assert clean_text(kept) == kept and not UNSEEN.search(kept)
