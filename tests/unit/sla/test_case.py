"""What a case's clocks and mark are after a life, told in order."""

from dataclasses import replace

import pytest

from services.sla.domain.clock import Status
from services.sla.domain.courses import courses
from services.sla.domain.facts import DispatchFacts, IntakeFacts
from services.sla.domain.limit import Kind
from services.sla.domain.mark import Mark, Reason
from tests.support.sla_life import NUMBER, Again, Life, Sla, after


def test_a_letter_written_starts_the_accept_clock_with_its_promise():
    sla = Sla().tell(Life(), until=0)
    assert sla.said("kind", "due") == [("clock.started", "accept", "2026-11-24T09:00:00Z")]


def test_a_case_done_in_time_meets_every_clock_and_ends_green():
    life = Life(accepted=0.5, dispatched=1, contacted=2, replies=[(10, None)], closed=11)
    sla = Sla().tell(life)
    assert {kind: sla.of(kind) for kind in ("accept", "dispatch", "contact", "close")} == {
        kind: ["started", "met"] for kind in ("accept", "dispatch", "contact", "close")
    }
    assert (sla.case.mark, sla.case.reason) == (Mark.GREEN, Reason.CLOSED)


def test_the_promised_time_is_24_hours_for_a_simple_and_72_for_a_complex_matter():
    for complexity, due in (("simple", after(25)), ("complex", after(73))):
        sla = Sla().tell(Life(accepted=0.5, dispatched=1, complexity=complexity), until=1)
        promised = [d.data["due"] for d in sla.published if d.type == "clock.started" and d.data["kind"] == "close"]
        assert promised == [due.isoformat().replace("+00:00", "Z")]


def test_the_close_clock_is_met_at_the_reply_not_at_the_review():
    sla = Sla().tell(Life(accepted=0.5, dispatched=1, contacted=2, replies=[(24, None)], closed=40))
    assert sla.of("close") == ["started", "warned", "met"]
    assert [d.data["met_at"] for d in sla.published if d.type == "clock.met"][-1] == "2026-11-25T08:00:00Z"


def test_a_case_left_alone_turns_yellow_then_red_once():
    sla = Sla().tell(Life(accepted=0.5, dispatched=1, contacted=2))
    assert sla.of("close") == ["started", "warned", "breached"]
    assert [d.data["mark"] for d in sla.published if d.type == "case.marked"] == ["yellow", "red"]


def test_a_breach_carries_what_the_letter_needs():
    sla = Sla().tell(Life(accepted=0.5, dispatched=1, contacted=2))
    breached = next(d for d in sla.published if d.type == "clock.breached")
    assert (
        breached.data.items()
        >= {
            "number": NUMBER,
            "unit": "C07",
            "unit_name": 'C07"社区"',
            "kind": "close",
            "gen": 1,
            "status": "breached",
            "due": "2026-11-25T09:00:00Z",
            "at": "2026-11-25T09:00:00Z",
            "letter_after": 0,
            "silent": False,
            "mark": "red",
        }.items()
    )


def test_sent_back_past_the_deadline_breaches_at_once():
    life = Life(accepted=0.5, dispatched=1, contacted=2, replies=[(20, 30)])
    sla = Sla().tell(life)
    assert sla.of("close") == ["started", "warned", "breached"]
    assert [d.data["at"] for d in sla.published if d.type == "clock.breached"] == ["2026-11-25T14:00:00Z"]


def test_a_refusal_answers_the_accept_promise():
    sla = Sla().tell(Life(refused=0.5))
    assert sla.of("accept") == ["started", "met"]


def test_a_refused_emergency_is_marked_no_longer():
    sla = Sla().tell(Life(refused=0.5, emergency=True))
    assert [(d.data["previous"], d.data["mark"]) for d in sla.published if d.type == "case.marked"] == [
        ("none", "red"),
        ("red", "none"),
    ]


def test_an_emergency_is_red_from_the_first_event_by_risk_alone():
    sla = Sla().tell(Life(emergency=True), until=0)
    assert sla.said("mark", "reason", "silent")[-1] == ("case.marked", "red", "risk", False)
    assert [d.type for d in sla.published] == ["clock.started", "case.marked"]


def test_priority_is_yellow_and_meets_time_in_red():
    sla = Sla().tell(Life(accepted=0.5, dispatched=1, contacted=2, priority=True))
    marks = [(d.data["mark"], d.data["reason"]) for d in sla.published if d.type == "case.marked"]
    assert marks == [("yellow", "risk"), ("red", "time")]


def test_a_late_acceptance_stops_colouring_the_case_once_it_came():
    sla = Sla().tell(Life(accepted=1.5, dispatched=1.6), until=2)
    assert sla.of("accept") == ["started", "warned", "breached", "met"]
    assert sla.case.mark is Mark.NONE


def test_dispatched_seen_before_accepted_never_breaches_the_acceptance():
    life = Life(accepted=0.9, dispatched=1)
    submitted, accepted = life.intake()
    sla = Sla().hear(submitted)
    for event in life.dispatch():
        sla.hear(event)
    sla.fire(after(10)).hear(accepted)
    assert sla.of("accept") == ["started", "met"]
    assert sla.of("dispatch") == ["started", "met"]


def test_dispatch_alone_starts_the_promise_before_intake_is_heard():
    life = Life(accepted=0.5, dispatched=1)
    sla = Sla()
    for event in life.dispatch():
        sla.hear(event)
    assert [d.data["kind"] for d in sla.published] == ["contact", "close"]
    assert sla.published[-1].data["due"] == "2026-11-25T09:00:00Z"


def test_closed_in_time_but_heard_after_the_breach_takes_it_back():
    life = Life(accepted=0.5, dispatched=1, contacted=2, replies=[(20, None)], closed=21)
    sla = Sla()
    for event in life.in_order()[:-2]:
        sla.hear(event)
    sla.fire(after(26))
    for event in life.in_order()[-2:]:
        sla.hear(event)
    assert sla.of("close") == ["started", "warned", "breached", "retracted", "met"]
    assert [d.data["mark"] for d in sla.published if d.type == "case.marked"] == ["red", "green"]


def test_contact_in_time_heard_late_takes_its_breach_back_too():
    life = Life(accepted=0.5, dispatched=1, contacted=20, complexity="complex")
    events = life.in_order()
    sla = Sla()
    for event in events[:-1]:
        sla.hear(event)
    sla.fire(after(26)).hear(events[-1])
    assert sla.of("contact") == ["started", "warned", "breached", "retracted", "met"]
    assert sla.case.mark is Mark.NONE


def test_an_import_publishes_its_past_once_and_silently():
    life = Life(accepted=2, dispatched=3, contacted=4, imported=26)
    sla = Sla().tell(life, until=26)
    assert sla.of("accept") == ["started", "warned", "breached", "met"]
    assert sla.of("close") == ["started", "warned"]
    assert {d.data["silent"] for d in sla.published} == {True}
    sla.fire(after(1000))
    assert sla.said("kind", "silent")[-2:] == [("clock.breached", "close", False), ("case.marked", None, False)]


@pytest.mark.parametrize("intake_first", [True, False])
def test_an_import_that_states_a_contact_in_time_never_breaches_it(intake_first):
    life = Life(accepted=0.5, dispatched=1, contacted=10, complexity="complex", imported=40)
    intake, dispatch = life.intake(), life.dispatch()
    sla = Sla()
    for told in intake + dispatch if intake_first else dispatch + intake:
        sla.hear(told)
    assert sla.of("contact") == ["started", "met"]


def test_an_import_overdue_by_then_is_silently_red():
    sla = Sla().tell(Life(accepted=0.5, dispatched=1, contacted=2, imported=30))
    assert sla.of("close") == ["started", "warned", "breached"]
    assert sla.said("silent")[-1] == ("case.marked", True)


def test_a_restricted_case_is_published_as_restricted():
    sla = Sla().tell(Life(accepted=0.5, dispatched=1, restricted=True))
    assert {d.restricted for d in sla.published if d.data["restricted"]} == {True}


def test_helpers_see_a_case_unless_it_is_restricted():
    for restricted, seen in ((False, {"unit:C07", "unit:O01"}), (True, {"unit:C07"})):
        sla = Sla().tell(Life(accepted=0.5, dispatched=1, restricted=restricted, helpers=("O01",)), until=1)
        assert set(sla.case.scopes) == {"centre", "leader", "supervisor"} | seen


def test_the_sequence_has_no_gap_and_ends_at_the_version():
    sla = Sla().tell(Life(accepted=2, dispatched=5, contacted=40, replies=[(41, 42), (50, None)], closed=60))
    assert [d.seq for d in sla.published] == list(range(1, sla.case.version + 1))


ANSWERED = Life(accepted=0.5, dispatched=1, contacted=2, replies=[(10, None)], closed=11)


def test_a_reopened_case_gets_a_new_promise_counted_from_the_reopening():
    sla = Sla().tell(replace(ANSWERED, again=Again(30)), until=30)
    started = [d.data for d in sla.published if d.type == "clock.started" and d.data["kind"] == "close"]
    assert [(d["gen"], d["due"]) for d in started] == [(1, "2026-11-25T09:00:00Z"), (2, "2026-11-26T14:00:00Z")]
    assert (sla.case.mark, sla.case.reason) == (Mark.NONE, Reason.NONE)


def test_a_breach_of_the_first_round_stays_history_and_the_second_may_breach_again():
    sla = Sla().tell(replace(ANSWERED, replies=[(40, None)], closed=41, again=Again(50)))
    assert sla.of("close") == ["started", "warned", "breached", "met"]
    assert sla.of("close", gen=2) == ["started", "warned", "breached"]
    assert [d.data["mark"] for d in sla.published if d.type == "case.marked"] == [
        *("yellow", "red", "green"),
        *("none", "yellow", "red"),
    ]


def test_the_second_round_is_met_and_muted_like_the_first():
    again = Again(30, replies=[(40, 41), (50, None)], closed=52)
    sla = Sla().tell(replace(ANSWERED, again=again))
    assert sla.of("close", gen=2) == ["started", "warned", "met"]
    assert sla.case.clocks[Kind.CLOSE].met_at == after(50)


def test_clocks_replaced_in_one_batch_leave_what_they_fired_to_be_written():
    sla = Sla()
    for told in replace(ANSWERED, replies=[(40, None)], closed=41, again=Again(50)).in_order():
        sla.hear(told)
    assert [(clock.gen, clock.breached_at) for clock in sla.case.past] == [(1, after(25))]


@pytest.mark.parametrize("leaving", [{"withdrawn": 10}, {"merged": 10}])
def test_a_case_withdrawn_or_merged_stops_its_running_clocks_and_has_no_mark(leaving):
    sla = Sla().tell(Life(accepted=0.5, dispatched=1, priority=True, **leaving))
    assert sla.of("close") == sla.of("contact") == ["started", "changed"]
    assert sla.of("dispatch") == ["started", "met"]
    stopped = [d.data for d in sla.published if d.type == "clock.changed"]
    assert {(d["status"], d["at"]) for d in stopped} == {("stopped", "2026-11-24T18:00:00Z")}
    assert [d.data["mark"] for d in sla.published if d.type == "case.marked"] == ["yellow", "none"]


def test_a_letter_withdrawn_before_anybody_accepted_it_stops_the_accept_clock():
    sla = Sla().tell(Life(withdrawn=0.5, emergency=True))
    assert sla.of("accept") == ["started", "changed"]
    assert sla.case.mark is Mark.NONE


def test_a_merged_case_closed_with_its_main_stays_stopped_and_is_green():
    sla = Sla().tell(Life(accepted=0.5, dispatched=1, contacted=2, merged=10, followed=90))
    assert sla.of("close") == ["started", "changed"]
    assert (sla.case.mark, sla.case.reason) == (Mark.GREEN, Reason.CLOSED)


def test_a_limit_passed_before_the_withdrawal_was_breached_even_if_nobody_watched():
    sla = Sla()
    for told in Life(accepted=0.5, dispatched=1, contacted=2, withdrawn=30).in_order():
        sla.hear(told)
    assert sla.of("close") == ["started", "warned", "breached", "changed"]


def test_a_withdrawal_heard_after_the_limit_it_came_before_takes_the_breach_back():
    *before, withdrawn = Life(accepted=0.5, dispatched=1, contacted=2, withdrawn=20).in_order()
    sla = Sla()
    for told in before:
        sla.hear(told)
    sla.fire(after(26)).hear(withdrawn)
    assert sla.of("close") == ["started", "warned", "breached", "retracted", "changed"]


def test_a_reply_under_review_when_the_case_is_withdrawn_was_in_time():
    sla = Sla().tell(Life(accepted=0.5, dispatched=1, contacted=2, replies=[(20, None)], withdrawn=40))
    assert sla.of("close") == ["started", "warned", "changed"]


def test_a_merged_case_reopened_on_its_own_is_watched_again():
    life = Life(accepted=0.5, dispatched=1, contacted=2, merged=10)
    sla = Sla().tell(life, until=20)
    closed = replace(ANSWERED, merged=None, replies=[(30, None)], closed=30, again=Again(40)).dispatch()
    for told in closed[-3:]:
        sla.hear(told)
    assert sla.case.clocks[Kind.CLOSE].status is Status.ARMED
    assert sla.wait(after(100)).of("close", gen=2) == ["started", "warned", "breached"]


def test_a_hand_back_and_a_ruling_move_no_clock():
    handed_back = Sla().tell(Life(accepted=0.5, dispatched=1, handed_back=(2, 3), contacted=10))
    kept = Sla().tell(Life(accepted=0.5, dispatched=1, contacted=10))
    assert handed_back.published == kept.published


def test_a_case_merged_before_it_was_sent_out_and_reopened_has_its_promise():
    life = Life(accepted=0.5, merged=1, followed=2)
    sla = Sla()
    for told in life.in_order():
        sla.hear(told)
    last = life.dispatch()[-1]
    reopened = last.draft.data | {"at": after(5).isoformat(), "state": "handling", "reopened_at": after(5).isoformat()}
    reopened |= {"round": 2, "replied_at": None, "closed_at": None}
    draft = replace(last.draft, type="case.reopened", seq=last.draft.seq + 1, data=reopened)
    sla.hear(replace(last, draft=draft, time=after(5)))
    assert sla.of("close") == [] and sla.of("close", gen=2) == ["started"]
    assert sla.wait(after(100)).of("close", gen=2) == ["started", "warned", "breached"]


def test_a_contact_told_with_the_merging_itself_meets_no_clock_and_a_dispatch_before_it_does():
    intake = IntakeFacts(submitted_at=after(0), accepted_at=after(0.5))
    dispatch = DispatchFacts("merged", dispatched_at=after(1), contacted_at=after(1), stops=(after(1),))
    found = courses(intake, dispatch)
    assert found[Kind.CONTACT].done_at is None
    assert found[Kind.DISPATCH].done_at == after(1)
