from datetime import UTC, datetime, timedelta

import pytest

from services.sla.domain.limit import LIMITS, Complexity, Kind, limit_for

NIGHT = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai, before a holiday


@pytest.mark.parametrize(
    ("kind", "complexity", "hours", "warned_after"),
    [
        (Kind.ACCEPT, None, 1, 0.75),
        (Kind.DISPATCH, None, 2, 1.5),
        (Kind.CONTACT, Complexity.SIMPLE, 24, 18),
        (Kind.CONTACT, Complexity.COMPLEX, 24, 18),
        (Kind.CLOSE, Complexity.SIMPLE, 24, 18),
        (Kind.CLOSE, Complexity.COMPLEX, 72, 54),
    ],
)
def test_limits_run_by_the_wall_clock_and_warn_with_a_quarter_left(kind, complexity, hours, warned_after):
    limit = limit_for(kind, complexity)
    assert limit.due(NIGHT) == NIGHT + timedelta(hours=hours)
    assert limit.warn_at(NIGHT) == NIGHT + timedelta(hours=warned_after)
    assert limit.clock_kind == "calendar_hours"


def test_an_unknown_complexity_gets_the_stricter_promise():
    assert limit_for(Kind.CLOSE, None) == limit_for(Kind.CLOSE, Complexity.SIMPLE)


def test_a_letter_is_proposed_at_once_by_every_rule():
    assert {limit.letter_after for limit in LIMITS} == {timedelta(0)}


def test_no_two_rules_share_a_name_and_version():
    assert len({(limit.name, limit.version) for limit in LIMITS}) == len(LIMITS)
