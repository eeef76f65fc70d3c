"""The mark of a case: the worse of its risk and its time, green once it is closed (I-8)."""

from collections.abc import Iterable
from enum import StrEnum

from services.sla.domain.clock import Clock


class Mark(StrEnum):
    NONE = "none"
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Reason(StrEnum):
    NONE = "none"
    RISK = "risk"
    TIME = "time"
    BOTH = "both"
    CLOSED = "closed"


SEVERITY = {Mark.NONE: 0, Mark.GREEN: 0, Mark.YELLOW: 1, Mark.RED: 2}


def worse(*marks: Mark) -> Mark:
    return max(marks, key=SEVERITY.__getitem__)


def risk_mark(*, emergency: bool, priority: bool, sensitive: bool) -> Mark:
    """Emergency is red; a priority or sensitive case is yellow from the start."""
    if emergency:
        return Mark.RED
    return Mark.YELLOW if priority or sensitive else Mark.NONE


def time_mark(clocks: Iterable[Clock]) -> Mark:
    """The worst of the clocks not yet over.

    A clock that was met late colours the case no longer: its breach stays on record, but red means overdue now,
    so that the next limit to pass is seen and told again.
    """
    return worse(Mark.NONE, *(_colour(clock) for clock in clocks if not clock.is_over))


def judge(risk: Mark, time: Mark, *, closed: bool, watched: bool) -> tuple[Mark, Reason]:
    """The mark shown and what it comes from; a case watched no longer (refused, withdrawn, merged) has none."""
    if closed:
        return Mark.GREEN, Reason.CLOSED
    mark = worse(risk, time)
    if not watched or mark is Mark.NONE:
        return Mark.NONE, Reason.NONE
    if risk is time:
        return mark, Reason.BOTH
    return mark, Reason.RISK if mark is risk else Reason.TIME


def _colour(clock: Clock) -> Mark:
    if clock.breached_at is not None:
        return Mark.RED
    return Mark.NONE if clock.warned_at is None else Mark.YELLOW
