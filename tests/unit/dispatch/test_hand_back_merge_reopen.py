"""Where a case leaves its ordinary way: allowed, refused, late."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.domain import dispatching, handing_back, handling, merging, resident, states, visibility, work
from services.dispatch.domain.case import Case, Fact, Letter
from services.dispatch.domain.dispatching import Order
from services.dispatch.domain.states import OPEN, TRANSITIONS, State
from services.dispatch.errors import (
    ConcernedUnit,
    HandedBackAlready,
    HasFollowers,
    IllegalTransition,
    IntoItself,
    MainNotOpen,
    MergeRestricted,
    TooLateToHandBack,
)

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SAME = Order(unit="C15", unit_name="建安社区", complexity="simple")
OTHER = Order(unit="O10", unit_name="生态水务办公室", complexity="simple", helpers=("C15",))
MAIN = Case("XA20261124000009", state=State.HANDLING, unit="O02", unit_name="综治", contacted_at=NOW, process="先核查")


def in_state(state: State) -> Case:
    return Case(
        "XA20261124000001", state=state, version=3, revision=5, letter=Letter(text="路灯不亮"), unit="C15",
        unit_name="建安社区", dispatched_at=NOW, sent_at=NOW,
    )  # fmt: skip


def merged(case: Case, main: Case = MAIN) -> tuple[Case, list[Fact]]:
    after, _, facts = merging.merge(case, main, NOW)
    return after, facts


COMMANDS: dict[str, Callable[[Case], tuple[Case, list[Fact]]]] = {
    "hand_back": lambda case: handing_back.hand_back(case, "not_our_duty", "属水务部门职责", NOW + HOUR),
    "rule": lambda case: handing_back.rule(case, OTHER, "属水务部门职责", NOW + HOUR),
    "merge": merged,
}


@pytest.mark.parametrize(("state", "command"), list(product(TRANSITIONS, COMMANDS)))
def test_the_table_alone_says_where_an_officer_may_leave_the_way(state: State, command: str) -> None:
    case = in_state(state)
    if command not in TRANSITIONS[state]:
        with pytest.raises(IllegalTransition):
            COMMANDS[command](case)
        return
    after, facts = COMMANDS[command](case)
    assert after.state == TRANSITIONS[state][command]
    assert [fact.case.version for fact in facts] == list(range(4, after.version + 1))


@pytest.mark.parametrize("state", TRANSITIONS)
def test_a_resident_may_withdraw_what_is_still_open_and_nothing_else(state: State) -> None:
    after, facts = resident.withdraw(in_state(state), NOW)
    assert (after.state == "withdrawn" and after.withdrawn_at == NOW) == (state in OPEN)
    assert [fact.type for fact in facts] == (["case.withdrawn"] if state in OPEN else [])


def test_a_case_that_others_wait_for_goes_on_without_its_first_writer() -> None:
    assert resident.withdraw(replace(in_state(State.HANDLING), followers=("X2",)), NOW)[1] == []


@pytest.mark.parametrize(("late", "refused"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_a_unit_has_two_hours_to_hand_back(late: timedelta, refused: bool) -> None:
    moment = NOW + handing_back.HAND_BACK_WITHIN + late
    if refused:
        with pytest.raises(TooLateToHandBack):
            handing_back.hand_back(in_state(State.ACKNOWLEDGED), "duplicate", "与前一件重复", moment)
    else:
        after, _ = handing_back.hand_back(in_state(State.ACKNOWLEDGED), "duplicate", "与前一件重复", moment)
        assert after.handed_back_at == moment


def test_each_unit_hands_a_case_back_once_and_another_one_has_its_own_two_hours() -> None:
    case, _ = handing_back.hand_back(in_state(State.DISPATCHED), "not_our_area", "在隔壁社区", NOW)
    back, [fact] = handing_back.rule(case, SAME, "界线以内", NOW + 3 * HOUR)
    assert fact.says["forced"] is True
    with pytest.raises(HandedBackAlready):
        handing_back.hand_back(back, "not_our_area", "在隔壁社区", NOW + 3 * HOUR)
    sent, [fact] = handing_back.rule(case, OTHER, "属水务", NOW + 3 * HOUR)
    assert fact.says["forced"] is False
    again, _ = handing_back.hand_back(sent, "not_our_duty", "不是水务", NOW + 4 * HOUR)
    assert again.handed_back_by == ("C15", "O10")


def test_a_ruling_keeps_the_deadline_and_its_reason_leaves_in_no_event() -> None:
    case, _ = handing_back.hand_back(in_state(State.ACKNOWLEDGED), "not_our_duty", "属水务部门职责", NOW + HOUR)
    after, [fact] = handing_back.rule(case, OTHER, "经核属实", NOW + 2 * HOUR)
    assert (after.dispatched_at, after.sent_at) == (NOW, NOW + 2 * HOUR)
    assert (after.acknowledged_at, after.handed_back_at) == (None, None)
    assert "reason" not in fact.says
    assert fact.noted == {"reason": "经核属实"}


def test_a_ruling_does_not_send_a_letter_to_the_unit_it_is_about() -> None:
    case = replace(in_state(State.HANDED_BACK), restricted=True, about=("O10",))
    with pytest.raises(ConcernedUnit):
        handing_back.rule(case, replace(OTHER, restricted=True), "经核属实", NOW)


@pytest.mark.parametrize(
    ("grade", "round_", "reopened"),
    [
        ("dissatisfied", 1, True),
        ("very_dissatisfied", 1, True),
        ("fairly_satisfied", 1, False),
        ("very_satisfied", 1, False),
        ("dissatisfied", 2, False),
    ],
)
def test_dissatisfaction_reopens_a_closed_case(grade: str, round_: int, reopened: bool) -> None:
    closed = replace(in_state(State.CLOSED), replied_at=NOW, closed_at=NOW, reply="已处理。", outcome="solved")
    after, facts = resident.reopen(closed, grade, "没有解决", round_, NOW + HOUR)
    assert ([fact.type for fact in facts] == ["case.reopened"]) is reopened
    if reopened:
        assert (after.state, after.round, after.reopened_at, after.unit) == ("handling", 2, NOW + HOUR, "C15")
        assert (after.replied_at, after.closed_at, after.outcome, after.reply) == (None, None, None, None)


def test_a_second_dissatisfaction_reopens_nothing() -> None:
    assert resident.reopen(replace(in_state(State.CLOSED), round=2), "dissatisfied", "", 2, NOW)[1] == []


def test_a_merged_case_is_told_what_the_main_one_was_told_and_once() -> None:
    after, facts = merged(in_state(State.DISPATCHED))
    assert [fact.type for fact in facts] == ["case.merged", "case.contacted"]
    assert (after.merged_into, after.unit, after.helpers) == (MAIN.number, "O02", ("C15",))
    assert merging.follow_contact(after, MAIN, "sms", NOW)[1] == []


def test_a_merged_case_is_answered_and_closed_with_the_main_one() -> None:
    after, _ = merged(in_state(State.WAITING))
    done = replace(MAIN, state=State.CLOSED, reply="已修复。", replied_at=NOW, closed_at=NOW + HOUR, outcome="solved")
    closed, facts = merging.follow_closing(after, done, NOW + HOUR)
    assert [(fact.type, fact.at) for fact in facts] == [("case.replied", NOW), ("case.closed", NOW + HOUR)]
    assert (closed.state, closed.reply, closed.outcome) == ("closed", "已修复。", "solved")


@pytest.mark.parametrize(
    ("case", "main", "refusal"),
    [
        (in_state(State.WAITING), replace(MAIN, number="XA20261124000001"), IntoItself),
        (replace(in_state(State.WAITING), followers=("X3",)), MAIN, HasFollowers),
        (in_state(State.WAITING), replace(MAIN, state=State.CLOSED), MainNotOpen),
        (in_state(State.WAITING), replace(MAIN, state=State.MERGED), MainNotOpen),
        (in_state(State.WAITING), replace(MAIN, state=State.WITHDRAWN), MainNotOpen),
        (in_state(State.WAITING), replace(MAIN, restricted=True), MergeRestricted),
        (replace(in_state(State.WAITING), restricted=True), MAIN, MergeRestricted),
    ],
)
def test_what_can_not_answer_for_both_is_no_main_case(case: Case, main: Case, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        merging.merge(case, main, NOW)


def test_a_merged_letter_stays_hidden_from_the_unit_it_is_about() -> None:
    about = replace(in_state(State.WAITING), restricted=True, about=("O02",), unit=None)
    after, _ = merged(about, replace(MAIN, restricted=True))
    assert "unit:O02" not in visibility.seen_by(after)


@pytest.mark.parametrize("state", TRANSITIONS)
def test_a_unit_notes_its_work_where_it_is_at_work(state: State) -> None:
    if "work" not in TRANSITIONS[state]:
        with pytest.raises(IllegalTransition):
            work.record(in_state(state), "after", "已清理", (), NOW)
        return
    after, entry = work.record(in_state(state), "after", "已清理", ("m1",), NOW)
    assert (after.state, after.version, after.revision, entry.revision) == (state, 3, 6, 6)


WALK: dict[str, Callable[[Case, datetime], tuple[Case, list[Fact]]]] = {
    "dispatch": lambda case, now: dispatching.dispatch(case, SAME, "centre", now),
    "acknowledge": handling.acknowledge,
    "contact": lambda case, now: handling.contact(case, "先核查", "sms", None, now),
    "reply": lambda case, now: handling.reply(case, "已处理完毕。", now),
    "close": lambda case, now: handling.close(case, "solved", now),
    "send_back": lambda case, now: handling.send_back(case, "请补充", now),
    "hand_back": lambda case, now: handing_back.hand_back(case, "duplicate", "重复", now),
    "rule": lambda case, now: handing_back.rule(case, OTHER, "另派", now),
    "force": lambda case, now: handing_back.rule(case, SAME, "不予退件", now),
    "withdraw": resident.withdraw,
    "reopen": lambda case, now: resident.reopen(case, "dissatisfied", "", case.round, now),
    "merge": lambda case, _: merged(case),
    "follow": lambda case, now: merging.follow_closing(case, MAIN, now),
    "handler": lambda case, now: (work.name_handler(case, "李工", now)[0], []),
}


@given(st.lists(st.sampled_from(sorted(WALK)), max_size=40))
def test_whatever_happens_a_case_stays_in_the_table_and_numbers_its_events_without_a_hole(asked: list[str]) -> None:
    case, now, numbers = replace(in_state(State.WAITING), unit=None, dispatched_at=None, sent_at=None), NOW, [3]
    for command in asked:
        now += timedelta(minutes=7)
        try:
            case, facts = WALK[command](case, now)
        except (IllegalTransition, HandedBackAlready, TooLateToHandBack):
            continue
        numbers += [fact.case.version for fact in facts]
    assert numbers == list(range(3, 3 + len(numbers)))
    assert case.state in states.VISIBLE
    assert case.round in (1, 2)
    assert (case.handed_back_at is not None) == (case.state == "handed_back")
    assert (case.withdrawn_at is not None) == (case.state == "withdrawn")
    assert len(set(case.handed_back_by)) == len(case.handed_back_by)
