"""Intake decides about a case until it is accepted: submitted, then accepted or refused."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.case import (
    TRANSITIONS,
    AcceptedBy,
    Case,
    Kind,
    Raised,
    Reason,
    State,
    Statement,
    accept,
    may_accept_automatically,
    refuse,
    submit,
    withdraw,
)
from services.intake.domain.emergency import Alarm
from services.intake.errors import IllegalTransition

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
STATEMENT = Statement(Kind.HELP, "路灯不亮", "公园路", "C03", "withheld")


def submitted() -> tuple[Case, list[Raised]]:
    return submit(STATEMENT, "XA20261124000001", NOW, None)


def test_a_submitted_case_raises_one_event_with_its_text() -> None:
    case, [raised] = submitted()
    assert (case.state, case.version, raised.version) == (State.SUBMITTED, 1, 1)
    assert raised.type == "case.submitted"
    assert raised.data["text"] == "路灯不亮" and raised.data["emergency_words"] == []


def test_an_alarm_makes_the_case_an_emergency_no_rule_accepts() -> None:
    case, [raised] = submit(STATEMENT, "XA20261124000001", NOW, Alarm(("119",), ("着火",), "1"))
    assert raised.data["emergency"] is True and raised.data["emergency_words"] == ["着火"]
    assert not may_accept_automatically(case) and may_accept_automatically(submitted()[0])


def test_accepting_keeps_the_text_at_home() -> None:
    case, [raised] = accept(submitted()[0], AcceptedBy.CENTRE, NOW + timedelta(minutes=5))
    assert case.state is State.ACCEPTED and case.accepted_at == NOW + timedelta(minutes=5)
    assert raised.data["at"] == case.accepted_at and "text" not in raised.data


def test_refusing_tells_the_reason() -> None:
    case, [raised] = refuse(submitted()[0], Reason.DUPLICATE, NOW)
    assert case.reason is Reason.DUPLICATE and raised.data["reason"] == "duplicate"
    assert raised.data["state"] == State.REFUSED and raised.data["refused_at"] == NOW


def test_a_letter_is_taken_back_before_anybody_has_decided() -> None:
    case, [raised] = withdraw(submitted()[0], NOW)
    assert (case.state, case.withdrawn_at, raised.type) == (State.WITHDRAWN, NOW, "case.withdrawn")
    assert raised.data["state"] == State.WITHDRAWN and raised.data["withdrawn_at"] == NOW


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("command", ["accept", "refuse"])
def test_every_pair_of_state_and_command_follows_the_table(state: State, command: str) -> None:
    case = Case("XA20261124000001", STATEMENT, NOW, state=state)

    def run() -> Case:
        return (accept(case, AcceptedBy.CENTRE, NOW) if command == "accept" else refuse(case, Reason.DUPLICATE, NOW))[0]

    if command in TRANSITIONS[state]:
        assert run().state is TRANSITIONS[state][command]
        return
    with pytest.raises(IllegalTransition) as refused:
        run()
    assert refused.value.data == {"state": str(state), "legal": sorted(TRANSITIONS[state])}


@given(st.lists(st.sampled_from(["accept", "refuse"]), max_size=6))
def test_the_version_counts_the_events_whatever_is_tried(history: list[str]) -> None:
    case, raised = submitted()
    for command in history:
        try:
            case, more = (
                accept(case, AcceptedBy.CENTRE, NOW) if command == "accept" else refuse(case, Reason.NO_CONTENT, NOW)
            )
        except IllegalTransition:
            continue
        raised += more
    assert [each.version for each in raised] == list(range(1, case.version + 1))
    assert case.revision == case.version
