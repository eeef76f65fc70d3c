"""The resident's view is the same whatever order the sources arrive in."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.case import AcceptedBy, Case, Kind, Statement, accept, submit
from services.intake.domain.holder import CaseHistory
from services.intake.domain.progress import STAGES, Progress, apply_dispatch_event, apply_sla_event
from services.intake.domain.resident_view import STAGE_NAMES, resident_view

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
FIELDS = ("dispatched_at", "acknowledged_at", "contacted_at", "replied_at", "closed_at")


def case() -> Case:
    statement = Statement(Kind.HELP, "路灯不亮", "公园路", "C03", "named")
    return accept(submit(statement, "XA20261124000001", NOW, None)[0], AcceptedBy.CENTRE, NOW)[0]


def told(state: str, reached: int, **said: Any) -> dict[str, Any]:
    times = {field: NOW + timedelta(hours=i + 1) if i < reached else None for i, field in enumerate(FIELDS)}
    return {"state": state, "unit": "C03", "unit_name": "上合社区", **times, **said}


DISPATCH: list[tuple[str, dict[str, Any]]] = [
    ("case.dispatched", told("dispatched", 1)),
    ("case.acknowledged", told("acknowledged", 2)),
    ("case.contacted", told("handling", 3, process="先查线路", promised_at=NOW)),
    ("case.replied", told("replied", 4, text="第一次答复")),
    ("case.sent_back", told("handling", 3)),
    ("case.replied", told("replied", 4, text="灯已修好")),
    ("case.closed", told("closed", 5, outcome="solved")),
]
SLA = [
    {"kind": "contact", "gen": 1, "due": NOW + timedelta(hours=24)},
    {"kind": "close", "gen": 1, "due": NOW + timedelta(hours=24)},
    {"kind": "close", "gen": 2, "due": NOW + timedelta(hours=72)},
]


def fold(events: Sequence[tuple[str, str, dict[str, Any]]]) -> Progress:
    progress = Progress()
    for source, type, data in events:
        progress = apply_sla_event(progress, data) if source == "sla" else apply_dispatch_event(progress, type, data)
    return progress


def seen(events: Sequence[tuple[str, str, dict[str, Any]]]) -> dict[str, Any]:
    return resident_view(CaseHistory(case(), fold(events)))


@given(st.data())
def test_every_interleaving_of_the_sources_gives_the_same_view(data: st.DataObject) -> None:
    dispatch = [("dispatch", type, event) for type, event in DISPATCH[: data.draw(st.integers(0, len(DISPATCH)))]]
    sla = [("sla", "clock.started", event) for event in SLA[: data.draw(st.integers(0, len(SLA)))]]
    places = (
        data.draw(st.sets(st.integers(0, len(dispatch) + len(sla) - 1), min_size=len(sla), max_size=len(sla)))
        if sla
        else set()
    )
    left, right = iter(sla), iter(dispatch)
    mixed = [next(left) if i in places else next(right) for i in range(len(dispatch) + len(sla))]
    assert fold(mixed) == fold(dispatch + sla)


def test_an_event_that_comes_again_changes_nothing() -> None:
    once = fold([("dispatch", *DISPATCH[0]), ("sla", "", SLA[1])])
    assert (
        fold([("dispatch", *DISPATCH[0]), ("sla", "", SLA[1]), ("sla", "", SLA[1]), ("dispatch", *DISPATCH[0])]) == once
    )


def test_an_earlier_generation_never_replaces_a_later_promise() -> None:
    assert fold([("sla", "", SLA[2]), ("sla", "", SLA[1])]).promise == fold([("sla", "", SLA[2])]).promise


def test_a_later_stage_seen_first_implies_the_earlier_ones() -> None:
    view = seen([("dispatch", "case.closed", told("closed", 5, outcome="solved"))])
    assert [step.step for step in view["steps"]] == [
        "submitted",
        "accepted",
        "dispatched",
        "acknowledged",
        "contacted",
        "replied",
        "closed",
    ]


def test_a_reply_under_review_or_sent_back_is_not_shown() -> None:
    for count in (4, 5, 6):
        view = seen([("dispatch", *event) for event in DISPATCH[:count]])
        assert view["reply"] is None and view["state"] == "handling"
        assert "replied" not in [step.step for step in view["steps"]]


def test_the_reply_that_passed_is_the_one_shown() -> None:
    view = seen([("dispatch", *event) for event in DISPATCH])
    assert (view["reply"], view["outcome"], view["state"]) == ("灯已修好", "solved", "closed")


def test_the_promise_is_shown_before_and_after_dispatch_tells_its_part() -> None:
    assert seen([("sla", "", SLA[1])])["promised_by"] == NOW + timedelta(hours=24)


def test_every_stage_has_a_name() -> None:
    assert set(STAGES.values()) <= STAGE_NAMES.keys()


REOPENED_AT = NOW + timedelta(hours=6)
SECOND = {"reopened_at": REOPENED_AT, "round": 2}
AGAIN: list[tuple[str, dict[str, Any]]] = [
    *DISPATCH,
    ("case.reopened", told("handling", 3, **SECOND)),
    ("case.replied", told("replied", 3, **SECOND, text="又修了一次") | {"replied_at": NOW + timedelta(hours=8)}),
    (
        "case.closed",
        told("closed", 3, **SECOND, outcome="solved")
        | {"replied_at": NOW + timedelta(hours=8), "closed_at": NOW + timedelta(hours=9)},
    ),
]


def test_a_case_done_again_keeps_the_first_pass_and_shows_the_answer_of_the_second_alone() -> None:
    view = seen([("dispatch", *event) for event in AGAIN[:-2]])
    assert (view["state"], view["round"], view["reply"]) == ("handling", 2, None)
    assert view["earlier_replies"] == ["灯已修好"]
    view = seen([("dispatch", *event) for event in AGAIN])
    assert (view["state"], view["reply"], view["earlier_replies"]) == ("closed", "又修了一次", ["灯已修好"])


def test_the_steps_of_both_passes_are_shown_at_their_own_times() -> None:
    steps = seen([("dispatch", *event) for event in AGAIN])["steps"]
    assert [(step.step, (step.at - NOW) / timedelta(hours=1)) for step in steps[2:]] == [
        ("dispatched", 1),
        ("acknowledged", 2),
        ("contacted", 3),
        ("replied", 4),
        ("closed", 5),
        ("reopened", 6),
        ("replied", 8),
        ("closed", 9),
    ]


def test_an_event_of_a_pass_that_comes_again_makes_no_pass_more() -> None:
    once = fold([("dispatch", *event) for event in AGAIN])
    twice = fold([("dispatch", *event) for event in [*AGAIN, AGAIN[-1]]])
    assert once == twice and once.handling is not None and len(once.handling.earlier) == 1


def test_a_case_handed_back_is_being_dispatched_anew_and_the_step_stays_after_the_ruling() -> None:
    handed_back = ("case.handed_back", told("handed_back", 1, handed_back_at=NOW + timedelta(hours=2)))
    view = seen([("dispatch", *DISPATCH[0]), ("dispatch", *handed_back), ("dispatch", *handed_back)])
    assert (view["state"], view["steps"][-1].step) == ("handed_back", "handed_back")
    ruled = seen([("dispatch", *DISPATCH[0]), ("dispatch", *handed_back), ("dispatch", *DISPATCH[0])])
    assert (ruled["state"], [step.step for step in ruled["steps"]].count("handed_back")) == ("dispatched", 1)


def test_a_merged_case_is_closed_by_its_own_answer() -> None:
    merged = told("merged", 2, merged_into="XA20261123000009")
    assert seen([("dispatch", "case.merged", merged)])["state"] == "merged"
    view = seen([("dispatch", "case.merged", merged), ("dispatch", "case.replied", told("merged", 4, text="已修好"))])
    assert view["reply"] is None
    closed = told("merged", 5, merged_into="XA20261123000009", outcome="solved")
    view = seen([("dispatch", "case.replied", told("merged", 4, text="已修好")), ("dispatch", "case.closed", closed)])
    assert (view["state"], view["reply"]) == ("closed", "已修好")


def test_clocks_that_differ_by_a_little_change_no_order() -> None:
    early = told("dispatched", 1) | {"dispatched_at": NOW - timedelta(seconds=2)}
    assert [step.step for step in seen([("dispatch", "case.dispatched", early)])["steps"]] == [
        "submitted",
        "accepted",
        "dispatched",
    ]
