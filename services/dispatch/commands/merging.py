"""A case is merged into another, and what the main case's resident is told, its followers' residents are told too."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from chassis import clock
from services.dispatch import store
from services.dispatch.commands.officer import Check, Officer, Step, check_decider, lock_for, save_and_publish
from services.dispatch.domain import merging
from services.dispatch.domain.case import Case, Fact
from services.dispatch.domain.handling import release
from services.dispatch.domain.requests import Merge
from services.dispatch.domain.states import State
from services.dispatch.domain.visibility import decider, seen_by
from services.dispatch.errors import CaseNotFound, MainNotFound, NotYours

Follow = Callable[[Case, Case, datetime], tuple[Case, list[Fact]]]
"""What a step on the main case, the second one, means for a follower, the first."""


def merge(tx: Connection, number: str, request: Merge, officer: Officer) -> Case:
    """The case goes into `request.into`. The officer must decide about both.

    Raises CaseNotFound, NotYours, IllegalTransition, MainNotFound, IntoItself, HasFollowers, MainNotOpen,
    MergeRestricted.
    """
    seen = {each.number: each for each in store.lock_cases(tx, {number, request.into}).values() if _sees(officer, each)}
    case, main = seen.get(number), seen.get(request.into)
    if case is None:
        raise CaseNotFound
    check_decider(case, officer)
    officer.expect(case.revision)
    if main is None:
        raise MainNotFound("into")
    if decider(main) not in officer.roles:
        raise NotYours
    case, main, facts = merging.merge(case, main, clock.now(tx))
    save_and_publish(tx, officer, [case, main], facts)
    return case


def run_step_with_followers(
    tx: Connection, number: str, officer: Officer, check: Check, step: Step, follow: Follow
) -> Case:
    """Runs one step on a case, and what follows from it for the cases that were merged into it."""
    known = store.find_case(tx, number, officer.scopes)
    if known and known.followers:
        store.lock_cases(tx, {number, *known.followers})  # in order of number, as everybody locks
    case = lock_for(tx, number, officer, check)
    now = clock.now(tx)
    case, facts = step(case, now)
    changed = [case]
    for follower in store.lock_cases(tx, case.followers).values() if case.followers else ():
        after, caused = follow(follower, case, now)
        changed.append(after)
        facts = facts + caused
    if case.state == State.CLOSED:
        changed[0] = case = release(case)
    save_and_publish(tx, officer, changed, facts)
    return case


def _sees(officer: Officer, case: Case) -> bool:
    return bool(officer.scopes & set(seen_by(case)))
