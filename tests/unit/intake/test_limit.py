"""How often one address may try."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.rate_limit import RateLimit, Tally, seconds_to_wait

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LIMIT = RateLimit(3, timedelta(minutes=15))


def test_the_first_tries_need_no_waiting() -> None:
    assert seconds_to_wait(LIMIT, None, NOW) == seconds_to_wait(LIMIT, Tally(2, NOW + timedelta(minutes=1)), NOW) == 0


def test_after_the_last_try_the_wait_lasts_until_the_window_ends() -> None:
    assert seconds_to_wait(LIMIT, Tally(3, NOW + timedelta(seconds=61.2)), NOW) == 62


def test_a_window_opened_by_a_clock_that_was_set_back_keeps_nobody_waiting() -> None:
    assert seconds_to_wait(LIMIT, Tally(3, NOW + timedelta(hours=11)), NOW) == 0


@given(st.integers(0, 100), st.integers(-10_000, 10_000))
def test_nobody_waits_longer_than_the_window_lasts(count: int, milliseconds: int) -> None:
    left = timedelta(milliseconds=milliseconds)
    seconds = seconds_to_wait(LIMIT, Tally(count, NOW + left), NOW)
    assert (seconds > 0) == (count >= LIMIT.most and left > timedelta(0))
    assert seconds - 1 < max(left.total_seconds(), 0) + 1
