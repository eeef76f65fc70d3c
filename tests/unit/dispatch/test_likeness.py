"""What makes two letters alike: the pairs of characters they share, whatever the spacing and the width."""

from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.domain.likeness import ALIKE, likeness, pairs, plain


def test_blanks_punctuation_width_and_case_do_not_count() -> None:
    assert plain("灵芝地铁站， Ａ 出口!") == plain("灵芝地铁站a出口") == "灵芝地铁站a出口"


def test_the_same_matter_in_other_words_is_alike_and_another_one_of_the_same_place_is_not() -> None:
    one, other, third = (
        pairs(plain(text))
        for text in ("楼下餐馆油烟扰民，占道经营也没人管。", "餐馆油烟扰民，没人管！", "路灯坏了三天，晚上很黑。")
    )
    assert likeness(one, other) > ALIKE > likeness(one, third)


@given(st.text(), st.text())
def test_likeness_is_the_same_both_ways_and_between_nothing_and_all(one: str, other: str) -> None:
    share = likeness(pairs(plain(one)), pairs(plain(other)))
    assert share == likeness(pairs(plain(other)), pairs(plain(one)))
    assert 0 <= share <= 1


@given(st.text(min_size=1), st.text(), st.text())
def test_a_word_of_a_text_has_all_its_pairs_there(word: str, before: str, after: str) -> None:
    assert pairs(plain(word)) <= pairs(plain(before) + plain(word) + plain(after))
