"""The resident's view is the same whatever order the sources arrive in."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.intake.case import AcceptedBy, Case, Kind, Letter, accept, submit
from services.intake.progress import STAGE_NAMES, STAGES, Progress, resident_view, told_by_dispatch, told_by_sla

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
FIELDS = ("dispatched_at", "acknowledged_at", "contacted_at", "replied_at", "closed_at")


def case() -> Case:
    letter = Letter(Kind.HELP, "路灯不亮", "公园路", "C03", "named")
    return accept(submit(letter, "XA20261124000001", NOW, None)[0], AcceptedBy.CENTRE, NOW)[0]


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
        progress = told_by_sla(progress, data) if source == "sla" else told_by_dispatch(progress, type, data)
    return progress


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
    view = resident_view(case(), fold([("dispatch", "case.closed", told("closed", 5, outcome="solved"))]))
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
        view = resident_view(case(), fold([("dispatch", *event) for event in DISPATCH[:count]]))
        assert view["reply"] is None and view["state"] == "handling"
        assert "replied" not in [step.step for step in view["steps"]]


def test_the_reply_that_passed_is_the_one_shown() -> None:
    view = resident_view(case(), fold([("dispatch", *event) for event in DISPATCH]))
    assert (view["reply"], view["outcome"], view["state"]) == ("灯已修好", "solved", "closed")


def test_the_promise_is_shown_before_and_after_dispatch_tells_its_part() -> None:
    assert resident_view(case(), fold([("sla", "", SLA[1])]))["promised_by"] == NOW + timedelta(hours=24)


def test_every_stage_has_a_name() -> None:
    assert set(STAGES.values()) <= STAGE_NAMES.keys()
