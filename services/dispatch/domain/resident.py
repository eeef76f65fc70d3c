"""What the resident's own wishes do to a case: withdrawn, or reopened after a poor rating."""

from dataclasses import replace
from datetime import datetime

from services.dispatch.domain.case import Case, Fact, raise_event
from services.dispatch.domain.states import OPEN, State, next_state

DISSATISFIED = frozenset({"dissatisfied", "very_dissatisfied"})
ROUNDS = 2  # a second dissatisfaction is for supervision, not for a third pass


def withdraw(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
    """The resident takes the letter back. No change if the case is over or other residents wait for its answer."""
    if case.state not in OPEN or case.followers:
        return case, []
    case = replace(case, state=next_state(case.state, "withdraw"), withdrawn_at=now, handed_back_at=None)
    return raise_event(case, "case.withdrawn", now)


def reopen(case: Case, grade: str, comment: str, round_: int, now: datetime) -> tuple[Case, list[Fact]]:
    """A dissatisfied resident has the same unit do it again, once. A rating of an earlier pass changes nothing."""
    if case.state != State.CLOSED or grade not in DISSATISFIED or round_ != case.round or case.round >= ROUNDS:
        return case, []
    case = replace(
        case,
        state=next_state(case.state, "reopen"),
        round=case.round + 1,
        reopened_at=now,
        replied_at=None,
        closed_at=None,
        outcome=None,
        reply=None,
    )
    return raise_event(case, "case.reopened", now, {"grade": grade}, {"comment": comment} if comment else {})
