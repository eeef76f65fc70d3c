"""What officers do with a case on its ordinary way, from the centre's queue to its closure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from services.dispatch.commands.detours import take_with_followers
from services.dispatch.commands.officer import Officer, check_decider, check_lead, take
from services.dispatch.commands.orders import order
from services.dispatch.commands.reference import judged_by
from services.dispatch.domain import case as cases
from services.dispatch.domain import detours
from services.dispatch.domain.case import Case, Fact


def dispatch(tx: Connection, number: str, wish: Mapping[str, Any], officer: Officer) -> Case:
    """Sends a waiting case to a lead unit; what `wish` leaves out stays as triage found it.

    Raises CaseNotFound, NotYours, IllegalTransition, UnknownUnit, ClosedUnit, ConcernedUnit, LeadIsHelper,
    UnknownCategory.
    """
    reference = judged_by(tx)

    def step(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
        cases.check_legal(case, "dispatch")
        return cases.dispatch(case, order(case, wish, reference), "centre", now)

    return take(tx, number, officer, check_decider, step)


def acknowledge(tx: Connection, number: str, officer: Officer) -> Case:
    """The lead unit confirms receipt. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    return take(tx, number, officer, check_lead, cases.acknowledge)


def contact(
    tx: Connection, number: str, process: str, means: str, promised_at: datetime | None, officer: Officer
) -> Case:
    """The lead unit has told the resident. Raises CaseNotFound, NotLeadUnit, IllegalTransition, PromiseInThePast."""
    return take_with_followers(
        tx,
        number,
        officer,
        check_lead,
        lambda case, now: cases.contact(case, process, means, promised_at, now),
        lambda follower, case, now: detours.follow_contact(follower, case, means, now),
    )


def reply(tx: Connection, number: str, text: str, officer: Officer, media: tuple[str, ...] = ()) -> Case:
    """The lead unit answers. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    return take(tx, number, officer, check_lead, lambda case, now: cases.reply(case, text, now, media))


def close(tx: Connection, number: str, outcome: str, officer: Officer) -> Case:
    """Review passed. Raises CaseNotFound, NotYours, IllegalTransition."""
    return take_with_followers(
        tx,
        number,
        officer,
        check_decider,
        lambda case, now: cases.close(case, outcome, now),
        detours.follow_closing,
    )


def send_back(tx: Connection, number: str, reason: str, officer: Officer) -> Case:
    """Review failed. Raises CaseNotFound, NotYours, IllegalTransition."""
    return take(tx, number, officer, check_decider, lambda case, now: cases.send_back(case, reason, now))
