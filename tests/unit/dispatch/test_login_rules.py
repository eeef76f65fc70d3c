"""Rules of accounts, passwords and sessions, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.login.domain import account as accounts
from services.dispatch.login.domain import password, session
from services.dispatch.login.domain.account import Account
from services.dispatch.login.domain.session import Session
from services.dispatch.login.errors import WeakPassword

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
ZHANG = Account("zhang", "张干事", ("unit",), "C07", ("hash",))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60))
def test_after_five_failures_nobody_tries_for_a_quarter_of_an_hour(waits):
    held, now, row, locked_at = ZHANG, NOW, 0, None
    for wait in waits:
        now += timedelta(minutes=wait)
        if accounts.is_locked(held, now):
            assert locked_at is not None
            assert now - locked_at < accounts.LOCKED_FOR
        else:
            assert locked_at is None or now - locked_at >= accounts.LOCKED_FOR
            row += 1
            locked_at, row = (now, 0) if row == accounts.FAILURES else (None, row)
        held = accounts.failed(held, now)


def test_failures_during_a_lock_do_not_lengthen_it():
    locked = replace(ZHANG, locked_until=NOW + timedelta(minutes=5))
    assert accounts.failed(locked, NOW) == locked


def test_a_clock_that_was_set_back_keeps_nobody_locked_out_and_nobody_logged_in():
    ahead = NOW + timedelta(hours=11)
    locked = replace(ZHANG, locked_until=ahead + accounts.LOCKED_FOR)
    assert not accounts.is_locked(locked, NOW)
    held = Session(b"", "zhang", "张干事", "zhang", ("unit",), "C07", created_at=ahead, seen_at=ahead)
    assert session.why_over(held, ahead) is None
    assert session.why_over(held, NOW) == "late"


def test_a_made_password_is_a_good_one():
    for _ in range(200):
        password.check(password.generate(), "zhang")


@pytest.mark.parametrize("typed", ["", "Aa1-", "A" * 10 + "a" * 10, "1234567890!", "x" * 300 + "A1"])
def test_a_weak_password_is_refused(typed):
    with pytest.raises(WeakPassword):
        password.check(typed, "zhang")


@pytest.mark.parametrize("typed", ["Street office 9", "街道办事处abc2026XYZ", "a1-a1-a1-a1"])
def test_three_kinds_of_characters_are_enough(typed):
    password.check(typed, "zhang")


def test_a_session_is_over_when_idle_or_old():
    begun = Session(b"", "zhang", "", "zhang", ("unit",), "C07", NOW, NOW)
    assert session.why_over(begun, NOW + timedelta(minutes=14)) is None
    assert session.why_over(begun, NOW + timedelta(minutes=15)) == "idle"
    busy = replace(begun, seen_at=NOW + timedelta(hours=8))
    assert session.why_over(busy, NOW + timedelta(hours=8)) == "longest"


def test_every_reason_why_a_session_ended_is_told():
    assert {"idle", "longest", "replaced", "left", "everywhere", "disabled"} <= set(session.WHY)
