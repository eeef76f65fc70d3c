"""What is to be thought of how the clocks stand."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.operating.table import seconds
from chassis.operating.verdicts import Line, graded

DAYS = 400 * 86400.0
"""No lag is longer than the service is old: this one means that sla never read anything."""


def judge(facts: Mapping[str, Any]) -> Sequence[Line]:
    """Lines on the inbox's lag and on clocks whose time has come and which have not fired."""
    lag, due, late = facts["inbox_lag_seconds"], facts["due"], facts["late_seconds"]
    behind = "never caught up" if lag > DAYS else f"caught up until {seconds(lag)} ago"
    return [
        graded("inbox lag", behind, lag, 10, 60, "clocks-not-firing"),
        graded(
            "late clocks",
            f"{due} due, the first {seconds(late)} ago" if due else "none",
            late,
            5,
            60,
            "clocks-not-firing",
        ),
        Line("armed clocks", str(facts["armed"])),
    ]
