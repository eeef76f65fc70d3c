"""The code that opens a case to its writer."""

from services.intake.domain.query_code import ALPHABET, LENGTH, as_typed, new


def test_the_alphabet_has_31_characters_nobody_mistakes() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 31
    assert not set("01OIL") & set(ALPHABET)


def test_codes_are_eight_characters_of_it_and_do_not_repeat() -> None:
    codes = {new() for _ in range(2_000)}
    assert len(codes) == 2_000 and all(len(code) == LENGTH and set(code) <= set(ALPHABET) for code in codes)
    assert {character for code in codes for character in code} == set(ALPHABET)


def test_small_letters_full_width_blanks_and_dashes_do_not_matter() -> None:
    assert as_typed(" 7kq4-ｍｒ２b ") == "7KQ4MR2B"


def test_a_very_long_code_is_cut() -> None:
    assert len(as_typed("x" * 10_000)) == 32
