"""One case at the desk: the letter, its course so far, and what this officer may do with it now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response
from sqlalchemy import Connection

from chassis import clock, pages, web
from services.dispatch import commands
from services.dispatch.domain.case import Case
from services.dispatch.domain.handing_back import hand_back_until
from services.dispatch.domain.organisation import Unit
from services.dispatch.domain.states import OPEN, legal_commands
from services.dispatch.domain.visibility import decider
from services.dispatch.pages import words
from services.dispatch.pages.fields import as_list, label
from services.dispatch.pages.forms import Attempt

STAFF = ("centre", "unit", "leader", "supervisor")
DECIDERS = ("centre", "leader", "supervisor")
DECIDED = frozenset({"dispatch", "review", "ruling", "merge"})
LED = frozenset({"acknowledge", "contact", "reply", "hand_back", "handler", "work"})
HELPED = frozenset({"work"})
NEAR = 8
"""Repeats proposed on a page."""

blueprint = pages.Blueprint("desk_case", __name__, url_prefix="/desk/cases/<number>")


@blueprint.get("")
@pages.requires(*STAFF)
def read(number: str) -> Response:
    """The case; another unit's is 404."""
    return show(number, Attempt())


def show(number: str, attempt: Attempt) -> Response:
    """The case as it is now, with what an officer typed if it was refused. Raises CaseNotFound."""
    who = pages.caller()
    with web.database().transaction() as tx:
        now = clock.now(tx)
        case, log = commands.read(tx, number, who.scopes)
        units = {unit.code: unit for unit in commands.units(tx)}
        can = allowed(case, who, now)
        return pages.page(
            "desk/case.html",
            status=attempt.status,
            case=case,
            log=log,
            supplements=commands.supplements(tx, number),
            deadlines=commands.deadlines(tx, number),
            can=can,
            near=commands.near(tx, number, who.scopes)[:NEAR] if "merge" in can else [],
            mergeable=lambda other: other.state in OPEN and other.restricted == case.restricted,
            hand_back_until=hand_back_until(case),
            attempt=attempt,
            typed=_typed(case, attempt, units),
            units=units,
            categories=_categories(tx),
            now=now,
            words=words,
            label=label,
        )


def allowed(case: Case, who: web.Caller, now: datetime) -> frozenset[str]:
    """What the state allows and this officer may decide or do."""
    can = DECIDED if decider(case) in who.roles else frozenset()
    if "unit" in who.roles:
        can |= LED if who.unit == case.unit else HELPED if who.unit in case.helpers else frozenset()
    until = hand_back_until(case)
    if until is None or now > until:
        can -= {"hand_back"}
    return frozenset(legal_commands(case.state)) & can


def _categories(tx: Connection) -> list[tuple[str, str]]:
    return [("", "不改"), *((name, name) for name in sorted(commands.duty_list(tx).categories()))]


def _typed(case: Case, attempt: Attempt, units: Mapping[str, Unit]) -> Mapping[str, Any]:
    found = case.study
    suggested = (found and found.suggestion) or ""
    if attempt.name == "dispatch":
        return {**attempt.typed, "dispatch-helpers": as_list(attempt.typed.get("dispatch-helpers"))}
    return {
        "dispatch-unit": label(units[suggested]) if suggested in units else "",
        "dispatch-complexity": case.complexity or "",
        "dispatch-category": case.category or "",
        "dispatch-helpers": list(found.helpers) if found else [],
        **{f"dispatch-{flag}": getattr(case, flag) for flag in ("priority", "sensitive", "restricted")},
        **attempt.typed,
    }
