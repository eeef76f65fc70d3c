"""The life of a case: every state with every command, and walks through them at random."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.domain import arrival, dispatching, handling, states, visibility
from services.dispatch.domain.case import Case, Fact, Imported, Letter, Study
from services.dispatch.domain.dispatching import Order
from services.dispatch.domain.states import TRANSITIONS, State
from services.dispatch.domain.visibility import LEADERS
from services.dispatch.errors import ConcernedUnit, IllegalTransition, LeadIsHelper, PromiseInThePast

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
ORDER = Order(unit="C15", unit_name="建安社区", complexity="simple", helpers=("O02",))

Result = tuple[Case, list[Fact]]
COMMANDS: dict[str, Callable[[Case, datetime], Result]] = {
    "dispatch": lambda case, now: dispatching.dispatch(case, ORDER, "centre", now),
    "acknowledge": lambda case, now: handling.acknowledge(case, now),
    "contact": lambda case, now: handling.contact(
        case, "先现场查看，再告知结果", "telephone", now + timedelta(hours=20), now
    ),
    "reply": lambda case, now: handling.reply(case, "已清理完毕，欢迎监督。", now),
    "close": lambda case, now: handling.close(case, "solved", now),
    "send_back": lambda case, now: handling.send_back(case, "请补充整改后的情况", now),
}
TELLS = {
    "dispatch": "case.dispatched",
    "acknowledge": "case.acknowledged",
    "contact": "case.contacted",
    "reply": "case.replied",
    "close": "case.closed",
    "send_back": "case.sent_back",
}


def in_state(state: State) -> Case:
    return Case("XA20261124000001", state=state, version=3, revision=5, letter=Letter(text="路灯不亮"))


@pytest.mark.parametrize(("state", "command"), list(product(TRANSITIONS, COMMANDS)))
def test_the_table_alone_says_what_each_command_does_in_each_state(state: State, command: str) -> None:
    case = in_state(state)
    if command not in TRANSITIONS[state]:
        with pytest.raises(IllegalTransition) as refused:
            COMMANDS[command](case, NOW)
        assert refused.value.data == {"state": state, "legal": states.legal_commands(state)}
        return
    after, [fact] = COMMANDS[command](case, NOW)
    assert after.state == TRANSITIONS[state][command]
    assert (after.version, after.revision) == (4, 6)
    assert (fact.type, fact.case, fact.at) == (TELLS[command], after, NOW)


@given(st.lists(st.sampled_from(sorted(COMMANDS)), max_size=30))
def test_whatever_is_asked_a_case_stays_in_the_table_and_numbers_its_events_without_a_hole(asked: list[str]) -> None:
    case, now, numbers = in_state(State.WAITING), NOW, [3]
    for command in asked:
        now += timedelta(minutes=1)
        try:
            after, facts = COMMANDS[command](case, now)
        except IllegalTransition:
            assert command not in TRANSITIONS[case.state]
            continue
        numbers += [fact.case.version for fact in facts]
        assert after.revision > case.revision
        case = after
    assert numbers == list(range(3, 3 + len(numbers)))
    assert case.state in states.VISIBLE
    assert (case.replied_at is not None) == (case.state in ("replied", "closed"))
    assert case.round == 1


def test_the_legal_commands_are_named_as_they_are_asked() -> None:
    assert states.legal_commands(State.REPLIED) == ["review"]
    assert states.legal_commands(State.SUBMITTED) == []
    assert states.legal_commands(State.CLOSED) == []


def test_a_case_is_not_handled_before_the_resident_was_told() -> None:
    ways_in = {(s, c) for s, row in TRANSITIONS.items() for c, after in row.items() if after == "handling"}
    assert ways_in == {
        ("acknowledged", "contact"), ("replied", "send_back"), ("closed", "reopen"),
        ("handling", "name_handler"), ("handling", "work"),
    }  # fmt: skip


def test_a_reply_sent_back_no_longer_stands_and_the_round_is_the_same() -> None:
    replied, _ = handling.reply(in_state(State.HANDLING), "已处理。已处理。", NOW)
    after, [fact] = handling.send_back(replied, "没有说明结果", NOW + timedelta(hours=1))
    assert (after.state, after.reply, after.replied_at, after.round) == ("handling", None, None, 1)
    assert fact.says == {"reason": "没有说明结果"}


def test_a_closed_case_keeps_the_time_of_its_reply() -> None:
    replied, _ = handling.reply(in_state(State.HANDLING), "已处理完毕。", NOW)
    closed, _ = handling.close(replied, "solved", NOW + timedelta(hours=3))
    assert (closed.replied_at, closed.closed_at) == (NOW, NOW + timedelta(hours=3))


def test_a_promise_can_not_lie_in_the_past() -> None:
    with pytest.raises(PromiseInThePast) as refused:
        handling.contact(in_state(State.ACKNOWLEDGED), "今天上门", "visit", NOW - timedelta(seconds=1), NOW)
    assert refused.value.field == "promised_at"


def test_the_lead_unit_is_not_its_own_helper() -> None:
    with pytest.raises(LeadIsHelper):
        dispatching.dispatch(in_state(State.WAITING), replace(ORDER, helpers=("C15",)), "centre", NOW)


def test_the_unit_a_letter_is_about_neither_leads_nor_helps() -> None:
    about = replace(in_state(State.WAITING), restricted=True, about=("O02",))
    for order, field in ((replace(ORDER, unit="O02", helpers=()), "unit"), (ORDER, "helpers")):
        with pytest.raises(ConcernedUnit) as refused:
            dispatching.dispatch(about, replace(order, restricted=True), "centre", NOW)
        assert refused.value.field == field


def test_the_centre_may_find_that_a_letter_is_about_nobody() -> None:
    about = replace(in_state(State.WAITING), restricted=True, about=("O02",))
    lifted, _ = dispatching.dispatch(about, ORDER, "centre", NOW)
    assert not lifted.restricted
    assert "unit:O02" in visibility.seen_by(lifted)


def test_nobody_here_sees_a_case_that_intake_has_not_accepted() -> None:
    assert visibility.seen_by(in_state(State.SUBMITTED)) == ()
    assert visibility.seen_by(in_state(State.REFUSED)) == ()


def test_an_ordinary_case_is_seen_by_its_units_and_those_above_them() -> None:
    sent, _ = dispatching.dispatch(in_state(State.WAITING), ORDER, "centre", NOW)
    assert visibility.seen_by(sent) == ("centre", "leader", "supervisor", "unit:C15", "unit:O02")


def test_a_restricted_case_is_seen_by_its_lead_unit_alone_of_all_units() -> None:
    sent, _ = dispatching.dispatch(in_state(State.WAITING), replace(ORDER, restricted=True), "centre", NOW)
    assert visibility.seen_by(sent) == ("centre", "leader", "supervisor", "unit:C15")


def test_an_imported_case_is_hidden_from_the_lead_unit_it_is_about() -> None:
    stated = Imported("C15", "simple", NOW)
    sent, _ = arrival.record_import(in_state(State.WAITING), stated, "建安社区", about=("C15",))
    assert sent.restricted
    assert visibility.seen_by(sent) == ("centre", "leader", "supervisor")


def test_a_letter_about_the_centre_is_decided_by_the_leaders_and_one_about_both_by_the_supervisors() -> None:
    about_centre = replace(in_state(State.WAITING), restricted=True, about=("CENTRE",))
    about_both = replace(about_centre, about=("CENTRE", LEADERS))
    assert visibility.seen_by(about_centre) == ("leader", "supervisor")
    assert [visibility.decider(c) for c in (in_state(State.WAITING), about_centre, about_both)] == [
        "centre",
        "leader",
        "supervisor",
    ]


def test_an_import_is_recorded_with_its_own_times() -> None:
    dispatched, contacted = NOW - timedelta(hours=30), NOW - timedelta(hours=20)
    case, facts = arrival.record_import(
        in_state(State.WAITING), Imported("C15", "complex", dispatched, contacted), "建安社区", None
    )
    assert [(f.type, f.at) for f in facts] == [("case.dispatched", dispatched), ("case.contacted", contacted)]
    assert [f.case.state for f in facts] == ["dispatched", "handling"]
    assert (case.state, case.dispatched_at, case.contacted_at) == ("handling", dispatched, contacted)


def test_triage_leaves_the_case_waiting_with_what_it_found() -> None:
    study = Study(rule="…", suggestion="C15", category="市容环卫", complexity="simple", about=("C15",))
    case, [fact] = arrival.triage(in_state(State.WAITING), study, NOW)
    assert (case.state, case.category, case.restricted, case.about) == ("waiting", "市容环卫", True, ("C15",))
    assert fact.says["suggestion"] == "C15"


def test_a_case_is_studied_once_both_letter_and_acceptance_are_here_in_either_order() -> None:
    letter = Letter(text="路灯不亮", submitted_at=NOW)
    one = arrival.accept(arrival.receive(Case("X1"), letter), NOW, None)
    other = arrival.receive(arrival.accept(Case("X1"), NOW, None), letter)
    assert one == other
    assert arrival.is_ready_for_study(one)
    assert not arrival.is_ready_for_study(arrival.receive(Case("X1"), letter))
    assert not arrival.is_ready_for_study(arrival.accept(Case("X1"), NOW, None))
