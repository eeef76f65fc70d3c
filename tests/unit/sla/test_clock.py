from datetime import UTC, datetime, timedelta

from services.sla.domain.clock import Course, Status, Turn, breach, follow, meet, mute, retract, start, unmute, warn
from services.sla.domain.limit import Complexity, Kind, limit_for

T0 = datetime(2026, 11, 24, 8, tzinfo=UTC)
SIMPLE = limit_for(Kind.CLOSE, Complexity.SIMPLE)


def hour(hours):
    return T0 + timedelta(hours=hours)


def turns(steps):
    return [(step.turn, step.at) for step in steps]


def test_a_started_clock_looks_first_to_its_warning_then_to_its_end():
    clock = start(SIMPLE, T0)
    assert (clock.status, clock.next_at) == (Status.ARMED, hour(18))
    assert (warn(clock).status, warn(clock).next_at) == (Status.WARNED, hour(24))
    assert (breach(warn(clock)).status, breach(warn(clock)).next_at) == (Status.BREACHED, None)


def test_a_muted_clock_keeps_its_deadline_and_gen_and_never_fires():
    muted = mute(warn(start(SIMPLE, T0)), hour(20))
    assert (muted.status, muted.due, muted.gen, muted.next_at) == (Status.MUTED, hour(24), 1, None)


def test_a_clock_sent_back_runs_on_toward_the_same_deadline():
    woken = unmute(mute(warn(start(SIMPLE, T0)), hour(20)), hour(21))
    assert (woken.status, woken.due, woken.next_at) == (Status.WARNED, hour(24), hour(24))


def test_a_clock_sent_back_past_its_deadline_is_red_from_that_moment():
    woken = unmute(mute(warn(start(SIMPLE, T0)), hour(20)), hour(30))
    assert woken.next_at == hour(24)  # past: the next claim takes it
    assert breach(woken).breached_at == hour(30)


def test_a_clock_sent_back_before_its_warning_is_armed_again():
    woken = unmute(mute(start(SIMPLE, T0), hour(2)), hour(3))
    assert (woken.status, woken.next_at) == (Status.ARMED, hour(18))


def test_a_breach_noticed_while_the_reply_was_under_way_dates_from_the_send_back():
    late_news = mute(breach(warn(start(SIMPLE, T0))), hour(20))
    assert unmute(late_news, hour(30)).breached_at == hour(30)


def test_a_late_reply_sent_back_leaves_the_breach_where_it_was():
    assert unmute(mute(breach(warn(start(SIMPLE, T0))), hour(26)), hour(30)).breached_at == hour(24)


def test_a_retracted_breach_stays_on_record_and_stands_no_more():
    clock = retract(breach(warn(start(SIMPLE, T0))))
    assert clock.retracted and clock.breached_at == hour(24)


def test_a_met_clock_is_over():
    assert meet(start(SIMPLE, T0), hour(5)).is_over


def test_what_was_done_in_time_meets_the_clock_without_colour():
    clock, steps = follow(None, SIMPLE, Course(T0, ended_at=hour(24)), None)
    assert turns(steps) == [(Turn.STARTED, T0), (Turn.MET, hour(24))]
    assert clock.breached_at is None


def test_what_was_done_late_was_breached_even_if_nobody_watched():
    _, steps = follow(start(SIMPLE, T0), SIMPLE, Course(T0, ended_at=hour(25)), None)
    assert turns(steps) == [(Turn.WARNED, hour(18)), (Turn.BREACHED, hour(24)), (Turn.MET, hour(25))]


def test_news_of_a_timely_end_takes_the_breach_back():
    clock = breach(warn(start(SIMPLE, T0)))
    clock, steps = follow(clock, SIMPLE, Course(T0, ended_at=hour(23)), None)
    assert turns(steps) == [(Turn.RETRACTED, hour(23)), (Turn.MET, hour(23))]
    assert clock.retracted


def test_a_late_reply_was_a_breach_before_it_was_a_reply():
    clock, steps = follow(start(SIMPLE, T0), SIMPLE, Course(T0, muted_at=hour(25)), None)
    assert turns(steps) == [(Turn.WARNED, hour(18)), (Turn.BREACHED, hour(24))]
    assert clock.status is Status.MUTED


def test_until_the_import_yellow_and_red_are_taken_as_come():
    assert turns(follow(None, SIMPLE, Course(T0), hour(20))[1])[1:] == [(Turn.WARNED, hour(18))]
    assert turns(follow(None, SIMPLE, Course(T0), hour(24))[1])[1:] == [
        (Turn.WARNED, hour(18)),
        (Turn.BREACHED, hour(24)),
    ]
    assert turns(follow(None, SIMPLE, Course(T0), hour(17))[1])[1:] == []


def test_the_same_facts_again_turn_nothing():
    for course in (Course(T0), Course(T0, muted_at=hour(3)), Course(T0, ended_at=hour(30)), Course(T0, held=True)):
        clock, _ = follow(None, SIMPLE, course, hour(20))
        assert follow(clock, SIMPLE, course, hour(20)) == (clock, [])


def test_a_held_clock_fires_nothing_until_it_is_let_go():
    held, steps = follow(None, SIMPLE, Course(T0, held=True), hour(30))
    assert held.next_at is None and turns(steps) == [(Turn.STARTED, T0)]
    free, _ = follow(held, SIMPLE, Course(T0), None)
    assert free.next_at == hour(18)
