"""What officers do with a case on its ordinary course, from acknowledgement to review."""

from datetime import datetime

from sqlalchemy import Connection

from services.dispatch.commands.merging import run_step_with_followers
from services.dispatch.commands.officer import Officer, check_decider, check_lead, run_step
from services.dispatch.domain import handling, merging
from services.dispatch.domain.case import Case, Fact
from services.dispatch.domain.requests import Acknowledge, Close, Contact, Reply, SendBack

Result = tuple[Case, list[Fact]]


def acknowledge(tx: Connection, number: str, request: Acknowledge, officer: Officer) -> Case:
    """The lead unit confirms receipt. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    return run_step(tx, number, officer, check_lead, handling.acknowledge)


def contact(tx: Connection, number: str, request: Contact, officer: Officer) -> Case:
    """The lead unit has told the resident. Raises CaseNotFound, NotLeadUnit, IllegalTransition, PromiseInThePast."""

    def step(case: Case, now: datetime) -> Result:
        return handling.contact(case, request.process, request.means, request.promised_at, now)

    def follow(follower: Case, main: Case, now: datetime) -> Result:
        return merging.follow_contact(follower, main, request.means, now)

    return run_step_with_followers(tx, number, officer, check_lead, step, follow)


def reply(tx: Connection, number: str, request: Reply, officer: Officer) -> Case:
    """The lead unit answers. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""

    def step(case: Case, now: datetime) -> Result:
        return handling.reply(case, request.text, now, request.media)

    return run_step(tx, number, officer, check_lead, step)


def close(tx: Connection, number: str, request: Close, officer: Officer) -> Case:
    """The review passed. Raises CaseNotFound, NotYours, IllegalTransition."""

    def step(case: Case, now: datetime) -> Result:
        return handling.close(case, request.outcome, now)

    return run_step_with_followers(tx, number, officer, check_decider, step, merging.follow_closing)


def send_back(tx: Connection, number: str, request: SendBack, officer: Officer) -> Case:
    """The review failed. Raises CaseNotFound, NotYours, IllegalTransition."""

    def step(case: Case, now: datetime) -> Result:
        return handling.send_back(case, request.reason, now)

    return run_step(tx, number, officer, check_decider, step)
