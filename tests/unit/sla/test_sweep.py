from datetime import UTC, datetime, timedelta

from services.sla.domain.sweep import EVERY, MARGIN, Sweep

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def test_the_first_look_is_at_everything_and_then_a_floor_follows_the_time():
    sweep = Sweep().after_rest(NOW)
    assert sweep.floor == NOW - MARGIN
    assert sweep.after_rest(NOW + timedelta(seconds=1)).floor == NOW + timedelta(seconds=1) - MARGIN


def test_every_thirty_seconds_everything_is_looked_at_again():
    sweep = Sweep().after_rest(NOW).after_rest(NOW + EVERY)
    assert sweep.floor is None
    assert sweep.after_rest(NOW + EVERY).floor == NOW + EVERY - MARGIN


def test_a_backlog_is_fired_from_where_the_last_batch_ended_and_then_everything_is_looked_at():
    last = NOW - timedelta(hours=3)
    sweep = Sweep().after_batch(last)
    assert sweep.floor == last
    assert sweep.after_rest(NOW).floor is None
