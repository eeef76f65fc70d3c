"""Whether the messages and letters that wait need attention."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.operating.table import seconds
from chassis.operating.verdicts import Line, graded


def judge(facts: Mapping[str, Any]) -> Sequence[Line]:
    """Lines on unsent and held messages, on unprinted letters, and on letters that wait for a leader or a unit."""
    messages, letters = facts["messages"], facts["letters"]
    unsent = messages.get("pending", 0) + messages.get("claimed", 0)
    oldest, held, signed = facts["oldest_due_seconds"], messages.get("held", 0), letters.get("signed", 0)
    unprinted = facts["oldest_signed_seconds"]
    says = f"{unsent} wait" + (f", the oldest due since {seconds(oldest)}" if oldest else "") if unsent else "none"
    return [
        graded("unsent messages", says, oldest, 60, 600, "messages-unsent"),
        graded("held messages", str(held) if held else "none", held, 0, 0, "held-messages"),
        graded(
            "unprinted letters",
            f"{signed} signed, the first {seconds(unprinted)} ago" if signed else "none",
            unprinted,
            look=60,
            act=600,
            runbook="letters-unprinted",
        ),
        Line("letters", f"{letters.get('proposed', 0)} wait for a leader, {letters.get('issued', 0)} for their unit"),
    ]
