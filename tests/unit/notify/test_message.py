"""States, staleness, and what becomes of an SMS nobody knows about."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notify.domain.message import CONDITIONS, TRANSITIONS, State, require_legal
from services.notify.domain.retrying import after_unknown, back_off
from services.notify.domain.template import TEMPLATES
from services.notify.errors import IllegalTransition

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_every_state_leads_to_states_of_the_table() -> None:
    assert set(TRANSITIONS) == set(State)
    for commands in TRANSITIONS.values():
        assert set(commands.values()) <= TRANSITIONS.keys()


def test_what_was_sent_skipped_or_failed_stays_so() -> None:
    assert [TRANSITIONS[state] for state in (State.SENT, State.SKIPPED, State.FAILED)] == [{}, {}, {}]


def test_only_a_person_moves_what_is_held() -> None:
    assert TRANSITIONS[State.HELD] == {"send": State.PENDING, "drop": State.FAILED}
    assert [state for state in State if "send" in TRANSITIONS[state]] == [State.HELD]


def test_an_illegal_command_is_refused_with_the_legal_ones() -> None:
    with pytest.raises(IllegalTransition) as refused:
        require_legal(State.SENT, "send")
    assert refused.value.data == {"state": State.SENT, "legal": []}


def test_every_condition_a_template_names_exists() -> None:
    assert {name for each in TEMPLATES.values() for name in each.superseded_by} <= CONDITIONS.keys()


def verdict(taken: bool | None, *, can_look_up: bool, remembers_keys: bool, attempt: int = 1) -> str:
    return after_unknown(taken, can_look_up=can_look_up, remembers_keys=remembers_keys, attempt=attempt, most=20)


@pytest.mark.parametrize(
    ("taken", "can_look_up", "remembers_keys", "expected"),
    [
        (True, True, False, "sent"),
        (True, True, True, "sent"),
        (False, True, True, "again"),
        (False, True, False, "held"),
        (None, True, True, "wait"),
        (None, True, False, "wait"),
        (None, False, True, "again"),
        (None, False, False, "held"),
    ],
)
def test_an_unknown_outcome_is_never_sent_under_a_new_key(
    taken: bool | None, can_look_up: bool, remembers_keys: bool, expected: str
) -> None:
    assert verdict(taken, can_look_up=can_look_up, remembers_keys=remembers_keys) == expected


def test_after_the_last_attempt_a_person_is_asked() -> None:
    assert verdict(None, can_look_up=True, remembers_keys=True, attempt=20) == "held"
    assert verdict(True, can_look_up=True, remembers_keys=True, attempt=20) == "sent"


@pytest.mark.parametrize("attempt", range(1, 40))
def test_the_wait_grows_is_spread_and_ends_at_a_minute(attempt: int) -> None:
    shortest, longest = back_off(attempt, 0.0), back_off(attempt, 0.999)
    whole = min(2 ** (attempt - 1), 60)
    assert timedelta(seconds=whole / 2) == shortest < longest < timedelta(seconds=whole)
