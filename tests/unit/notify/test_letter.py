"""The life of a warning letter."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain import letter as letters
from services.notify.domain.case import Breach
from services.notify.domain.letter import TRANSITIONS, Letter, State
from services.notify.errors import IllegalTransition

NOW = datetime(2026, 11, 24, tzinfo=UTC)
BREACH = Breach(
    kind="close",
    gen=1,
    started_at=NOW - timedelta(hours=24),
    due=NOW,
    breached_at=NOW,
    letter_after=timedelta(0),
    silent=False,
    unit="C07",
    unit_name="灵芝社区",
    complexity="simple",
)


def proposed() -> Letter:
    return letters.propose("XA20261124000123", BREACH, False, NOW)


ACTS = {
    "sign": lambda letter: letters.sign(letter, "宝新警示〔2026〕1号", "u1", NOW),
    "issue": lambda letter: letters.issue(letter, "00", NOW),
    "acknowledge": lambda letter: letters.acknowledge(letter, NOW),
    "decline": lambda letter: letters.decline(letter, "情况已说明", NOW),
    "retract": lambda letter: letters.retract(letter, NOW),
}


def test_the_table_is_closed() -> None:
    assert set(TRANSITIONS) == set(State)
    for commands in TRANSITIONS.values():
        assert set(commands.values()) <= TRANSITIONS.keys()
        assert commands.keys() <= ACTS.keys()


@given(commands=st.lists(st.sampled_from(sorted(ACTS)), max_size=8))
def test_legal_histories_count_their_events_and_changes(commands: list[str]) -> None:
    letter, events, changes = proposed(), 1, 1
    for command in commands:
        if not letters.is_legal(letter, command):
            with pytest.raises(IllegalTransition):
                ACTS[command](letter)
            continue
        letter = ACTS[command](letter)
        changes += 1
        events += command != "sign"
    assert (letter.version, letter.revision) == (events, changes)
    assert (letter.number is not None) == (letter.state in ("signed", "issued", "acknowledged"))


def test_a_signed_letter_cannot_be_taken_back() -> None:
    assert letters.legal(State.SIGNED) == ("issue",)


def test_the_same_breach_is_the_same_letter() -> None:
    assert proposed().id == proposed().id


def test_the_unit_sees_its_letter_only_once_it_is_issued() -> None:
    signed = ACTS["sign"](proposed())
    assert "unit:C07" not in proposed().scopes + signed.scopes
    assert "unit:C07" in ACTS["issue"](signed).scopes
    assert "unit:C07" not in ACTS["decline"](proposed()).scopes
