"""What officers do where a case leaves its ordinary way: hand back, rule, merge; and how merged cases follow."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from chassis import clock
from services.dispatch import store
from services.dispatch.commands.officer import Check, Officer, Step, check_decider, check_lead, keep, locked, take
from services.dispatch.commands.orders import order
from services.dispatch.commands.reference import judged_by
from services.dispatch.domain import case as cases
from services.dispatch.domain import detours
from services.dispatch.domain.case import Case, Fact
from services.dispatch.domain.visibility import decider, seen_by
from services.dispatch.errors import CaseNotFound, MainNotFound, NotYours

Follow = Callable[[Case, Case, datetime], tuple[Case, list[Fact]]]


def hand_back(tx: Connection, number: str, reason_code: str, reason: str, officer: Officer) -> Case:
    """The lead unit says that it is not theirs.

    Raises CaseNotFound, NotLeadUnit, IllegalTransition, HandedBackAlready, TooLateToHandBack.
    """
    return take(tx, number, officer, check_lead, lambda case, now: detours.hand_back(case, reason_code, reason, now))


def rule(tx: Connection, number: str, wish: Mapping[str, Any], officer: Officer) -> Case:
    """The ruling on a hand-back; what `wish` leaves out stays as it was. Its unit's own code is a forced dispatch.

    Raises what `dispatch` raises.
    """
    reference = judged_by(tx)

    def step(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
        cases.check_legal(case, "rule")
        helpers = [code for code in case.helpers if code != wish["unit"]]
        asked = {"helpers": helpers, "complexity": case.complexity, **wish}
        return detours.rule(case, order(case, asked, reference), wish["reason"], now)

    return take(tx, number, officer, check_decider, step)


def merge(tx: Connection, number: str, into: str, officer: Officer) -> Case:
    """The case goes into `into`. The centre decides about both.

    Raises CaseNotFound, NotYours, IllegalTransition, MainNotFound, IntoItself, HasFollowers, MainNotOpen,
    MergeRestricted.
    """
    found = {each.number: each for each in store.lock_cases(tx, {number, into}).values() if _sees(officer, each)}
    case, main = found.get(number), found.get(into)
    if case is None:
        raise CaseNotFound
    check_decider(case, officer)
    officer.expect(case.revision)
    if main is None:
        raise MainNotFound("into")
    if decider(main) not in officer.roles:
        raise NotYours
    case, main, facts = detours.merge(case, main, clock.now(tx))
    keep(tx, officer, [case, main], facts)
    return case


def take_with_followers(
    tx: Connection, number: str, officer: Officer, check: Check, step: Step, follow: Follow
) -> Case:
    """One step on a case, and what follows from it for the cases that were merged into it."""
    known = store.find_case(tx, number, officer.scopes)
    if known and known.followers:
        store.lock_cases(tx, {number, *known.followers})  # in order of number, as everybody locks
    case = locked(tx, number, officer, check)
    now = clock.now(tx)
    case, facts = step(case, now)
    changed = [case]
    for follower in store.lock_cases(tx, case.followers).values() if case.followers else ():
        after, told = follow(follower, case, now)
        changed.append(after)
        facts = facts + told
    if case.state == "closed":
        changed[0] = case = cases.release(case)
    keep(tx, officer, changed, facts)
    return case


def _sees(officer: Officer, case: Case) -> bool:
    return bool(officer.scopes & set(seen_by(case)))
