from datetime import UTC, datetime

import pytest

from services.sla.domain.clock import breach, meet, mute, start, warn
from services.sla.domain.limit import Kind, limit_for
from services.sla.domain.mark import Mark, Reason, judge, risk_mark, time_mark

CLOCK = start(limit_for(Kind.ACCEPT, None), datetime(2026, 11, 24, tzinfo=UTC))


@pytest.mark.parametrize(
    ("risk", "time", "shown"),
    [
        (Mark.NONE, Mark.NONE, (Mark.NONE, Reason.NONE)),
        (Mark.YELLOW, Mark.NONE, (Mark.YELLOW, Reason.RISK)),
        (Mark.NONE, Mark.YELLOW, (Mark.YELLOW, Reason.TIME)),
        (Mark.YELLOW, Mark.YELLOW, (Mark.YELLOW, Reason.BOTH)),
        (Mark.YELLOW, Mark.RED, (Mark.RED, Reason.TIME)),
        (Mark.RED, Mark.YELLOW, (Mark.RED, Reason.RISK)),
        (Mark.RED, Mark.RED, (Mark.RED, Reason.BOTH)),
    ],
)
def test_the_mark_is_the_worse_of_risk_and_time_and_says_which(risk, time, shown):
    assert judge(risk, time, closed=False, watched=True) == shown


def test_a_closed_case_is_green_whatever_it_was():
    assert judge(Mark.RED, Mark.RED, closed=True, watched=True) == (Mark.GREEN, Reason.CLOSED)


def test_a_case_watched_no_longer_has_no_mark():
    assert judge(Mark.RED, Mark.NONE, closed=False, watched=False) == (Mark.NONE, Reason.NONE)


def test_emergency_is_red_and_priority_or_sensitive_yellow():
    assert risk_mark(emergency=True, priority=False, sensitive=True) is Mark.RED
    assert risk_mark(emergency=False, priority=True, sensitive=False) is Mark.YELLOW
    assert risk_mark(emergency=False, priority=False, sensitive=True) is Mark.YELLOW
    assert risk_mark(emergency=False, priority=False, sensitive=False) is Mark.NONE


def test_the_worst_clock_not_yet_over_colours_the_case():
    yellow, red = warn(CLOCK), breach(warn(CLOCK))
    assert time_mark([CLOCK]) is Mark.NONE
    assert time_mark([yellow, CLOCK]) is Mark.YELLOW
    assert time_mark([yellow, red]) is Mark.RED
    assert time_mark([mute(red, CLOCK.due)]) is Mark.RED
    assert time_mark([meet(red, CLOCK.due)]) is Mark.NONE
