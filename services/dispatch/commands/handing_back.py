"""The lead unit hands a case back, and whoever decides about it rules."""

from datetime import datetime

from sqlalchemy import Connection

from services.dispatch.commands.officer import Officer, check_decider, check_lead, run_step
from services.dispatch.commands.orders import order_of
from services.dispatch.commands.reference import judged_by
from services.dispatch.domain import handing_back
from services.dispatch.domain.case import Case, Fact
from services.dispatch.domain.requests import HandBack, Rule
from services.dispatch.domain.states import next_state


def hand_back(tx: Connection, number: str, request: HandBack, officer: Officer) -> Case:
    """The lead unit says that the case is not theirs.

    Raises CaseNotFound, NotLeadUnit, IllegalTransition, HandedBackAlready, TooLateToHandBack.
    """

    def step(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
        return handing_back.hand_back(case, request.reason_code, request.reason, now)

    return run_step(tx, number, officer, check_lead, step)


def rule(tx: Connection, number: str, request: Rule, officer: Officer) -> Case:
    """The ruling on a hand-back; what `request` leaves out stays as it was. Raises what `dispatch` raises."""
    reference = judged_by(tx)

    def step(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
        next_state(case.state, "rule")
        return handing_back.rule(case, order_of(case, request, reference), request.reason, now)

    return run_step(tx, number, officer, check_decider, step)
