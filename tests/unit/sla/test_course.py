from datetime import UTC, datetime, timedelta

from services.sla.domain.clock import Status, Turn, breach, start, warn
from services.sla.domain.course import Course, follow
from services.sla.domain.limit import Complexity, Kind, limit_for

T0 = datetime(2026, 11, 24, 8, tzinfo=UTC)
SIMPLE = limit_for(Kind.CLOSE, Complexity.SIMPLE)


def hour(hours):
    return T0 + timedelta(hours=hours)


def turns(steps):
    return [(step.turn, step.at) for step in steps]


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
