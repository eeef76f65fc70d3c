"""What dispatch keeps of sla's events: the newest mark, each clock's newest generation, the limit that ends first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.cursor import BadCursor, Cursor
from services.dispatch.domain.deadlines import RUNNING, Deadlines, after_event

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def told(kind: str, hours: int, status: str = "armed", gen: int = 1, mark: str = "none") -> dict[str, Any]:
    return {"kind": kind, "gen": gen, "status": status, "due": NOW + timedelta(hours=hours), "mark": mark}


def heard(*events: dict[str, Any]) -> Deadlines:
    deadlines = Deadlines("X1")
    for event in events:
        deadlines = after_event(deadlines, event)
    return deadlines


def test_the_running_limit_that_ends_first_is_the_next_one() -> None:
    deadlines = heard(told("close", 24), told("contact", 20))
    assert (deadlines.next_kind, deadlines.next_due) == ("contact", NOW + timedelta(hours=20))
    deadlines = after_event(deadlines, told("contact", 20, "met"))
    assert (deadlines.next_kind, deadlines.close_due) == ("close", NOW + timedelta(hours=24))


def test_a_limit_that_has_passed_stays_the_next_one_until_it_is_met() -> None:
    assert heard(told("close", -2, "breached", mark="red"), told("contact", 5)).next_kind == "close"


@pytest.mark.parametrize("status", ["met", "muted", "stopped"])
def test_a_clock_that_does_not_run_presses_nobody(status: str) -> None:
    assert heard(told("close", 24, status)).next_due is None


def test_a_case_that_nobody_waits_for_any_more_has_no_promise() -> None:
    assert heard(told("close", 24, "stopped")).close_due is None


def test_a_mark_alone_leaves_the_clocks_as_they_are() -> None:
    deadlines = after_event(heard(told("close", 24)), {"mark": "red"})
    assert (deadlines.mark, deadlines.next_kind) == ("red", "close")


def test_an_older_generation_does_not_move_a_clock_back() -> None:
    deadlines = heard(told("close", 48, gen=2), told("close", 24, "met", gen=1))
    assert deadlines.close_due == NOW + timedelta(hours=48)
    assert deadlines.next_kind == "close"


EVENTS = st.builds(
    told,
    st.sampled_from(["accept", "dispatch", "contact", "close"]),
    st.integers(-50, 50),
    st.sampled_from(["armed", "warned", "breached", "muted", "met", "stopped"]),
    st.integers(1, 3),
    st.sampled_from(["none", "green", "yellow", "red"]),
)


@given(st.lists(EVENTS, min_size=1, max_size=12))
def test_whatever_sla_tells_the_next_limit_is_the_earliest_of_those_that_run(events: list[dict[str, Any]]) -> None:
    deadlines = heard(*events)
    running = [clock.due for clock in deadlines.clocks.values() if clock.status in RUNNING]
    assert deadlines.next_due == min(running, default=None)
    assert deadlines.mark == events[-1]["mark"]
    assert all(clock.gen == max(e["gen"] for e in events if e["kind"] == k) for k, clock in deadlines.clocks.items())


@pytest.mark.parametrize("due", [NOW, None])
def test_a_place_in_the_list_survives_the_way_to_the_browser_and_back(due: datetime | None) -> None:
    cursor = Cursor.of(due, "XA20261124000001")
    assert Cursor.read(cursor.written()) == cursor


@pytest.mark.parametrize("written", ["soon~X1", "2026-11-24T08:00:00~X1", "~X1", "X1"])
def test_an_invented_place_is_refused(written: str) -> None:
    with pytest.raises(BadCursor):
        Cursor.read(written)
