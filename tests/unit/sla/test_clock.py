from datetime import UTC, datetime, timedelta

from services.sla.domain.clock import Status, breach, meet, mute, retract, start, unmute, warn
from services.sla.domain.limit import Complexity, Kind, limit_for

T0 = datetime(2026, 11, 24, 8, tzinfo=UTC)
SIMPLE = limit_for(Kind.CLOSE, Complexity.SIMPLE)


def hour(hours):
    return T0 + timedelta(hours=hours)


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
