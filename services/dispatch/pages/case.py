"""One case at the desk: the letter, the way it went, and what this officer may do with it now."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from sqlalchemy import Connection

from chassis import clock, pages, web
from services.dispatch import commands
from services.dispatch.case import Case, legal_commands
from services.dispatch.organisation import Unit
from services.dispatch.pages import words
from services.dispatch.pages.fields import flags, label, moment, several, unit_code
from services.dispatch.pages.forms import Attempt, Form, Values, answer
from services.dispatch.schemas import AcknowledgeBody, ContactBody, DispatchBody, ReplyBody, ReviewBody
from services.dispatch.visibility import decider

STAFF = ("centre", "unit", "leader", "supervisor")
DECIDERS = ("centre", "leader", "supervisor")
DECIDED, LED = frozenset({"dispatch", "review"}), frozenset({"acknowledge", "contact", "reply"})

blueprint = pages.Blueprint("desk_case", __name__, url_prefix="/desk/cases/<number>")


def _order(typed: Mapping[str, Any]) -> Values:
    given = {name: typed.get(name) for name in ("unit", "complexity", "category")}
    ticked = flags(typed, "priority", "sensitive", "restricted")
    return {**given, **ticked, "helpers": several(typed.get("helpers"))}


def _told(typed: Mapping[str, Any]) -> Values:
    return {**typed, "promised_at": moment(typed.get("promised_at"))}


DISPATCH = Form("dispatch", DispatchBody(), _order)
ACKNOWLEDGE = Form("acknowledge", AcknowledgeBody())
CONTACT = Form("contact", ContactBody(), _told)
REPLY = Form("reply", ReplyBody())
CLOSE = Form("close", ReviewBody(), lambda typed: {**typed, "decision": "close"})
SEND_BACK = Form("send_back", ReviewBody(), lambda typed: {**typed, "decision": "send_back"})


@blueprint.get("")
@pages.requires(*STAFF)
def read(number: str) -> Response:
    """The case; another unit's is 404."""
    return show(number, Attempt())


@blueprint.post("/dispatch")
@pages.requires(*DECIDERS)
def dispatch(number: str) -> Response:
    """To a lead unit, chosen by code, name or the word residents use."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        wish = {**body, "unit": unit_code(body["unit"], commands.units(tx))}
        return commands.dispatch(tx, number, wish, officer)

    return answer(number, DISPATCH, run, show, f"{number} 已分拨。")


@blueprint.post("/acknowledge")
@pages.requires("unit")
def acknowledge(number: str) -> Response:
    """The unit confirms receipt."""
    return answer(
        number, ACKNOWLEDGE, lambda tx, _, who: commands.acknowledge(tx, number, who), show, f"{number} 已签收。"
    )


@blueprint.post("/contact")
@pages.requires("unit")
def contact(number: str) -> Response:
    """The resident was told process and date (R25)."""
    return answer(
        number,
        CONTACT,
        lambda tx, body, who: commands.contact(tx, number, officer=who, **body),
        show,
        f"{number} 已记录先行联系。",
    )


@blueprint.post("/reply")
@pages.requires("unit")
def reply(number: str) -> Response:
    """The unit answers; the centre reviews."""
    return answer(
        number,
        REPLY,
        lambda tx, body, who: commands.reply(tx, number, body["text"], who),
        show,
        f"{number} 已答复，等待诉求中心审核。",
    )


@blueprint.post("/close")
@pages.requires(*DECIDERS)
def close(number: str) -> Response:
    """Review passed."""
    return answer(
        number,
        CLOSE,
        lambda tx, body, who: commands.close(tx, number, body["outcome"], who),
        show,
        f"{number} 审核通过，已办结。",
    )


@blueprint.post("/send_back")
@pages.requires(*DECIDERS)
def send_back(number: str) -> Response:
    """Review failed."""
    return answer(
        number,
        SEND_BACK,
        lambda tx, body, who: commands.send_back(tx, number, body["reason"], who),
        show,
        f"{number} 已退回重办。",
    )


def show(number: str, attempt: Attempt) -> Response:
    """The case as it is now, with what an officer typed in vain. Raises CaseNotFound."""
    who = pages.caller()
    with web.database().transaction() as tx:
        case, log = commands.read(tx, number, who.scopes)
        units = {unit.code: unit for unit in commands.units(tx)}
        return pages.page(
            "desk/case.html",
            status=attempt.status,
            case=case,
            log=log,
            standing=commands.standing(tx, number),
            can=allowed(case, who),
            attempt=attempt,
            typed=_typed(case, attempt, units),
            units=units,
            categories=[("", "不改"), *((name, name) for name in sorted(commands.duty_list(tx).categories()))],
            now=clock.now(tx),
            words=words,
            label=label,
        )


def allowed(case: Case, who: web.Caller) -> frozenset[str]:
    """What the state allows and this officer may decide or do."""
    decides = DECIDED if decider(case) in who.roles else frozenset()
    leads = LED if "unit" in who.roles and who.unit == case.unit else frozenset()
    return frozenset(legal_commands(case.state)) & (decides | leads)


def _typed(case: Case, attempt: Attempt, units: Mapping[str, Unit]) -> Mapping[str, Any]:
    found = case.study
    suggested = (found and found.suggestion) or ""
    if attempt.name == "dispatch":
        return {**attempt.typed, "dispatch-helpers": several(attempt.typed.get("dispatch-helpers"))}
    return {
        "dispatch-unit": label(units[suggested]) if suggested in units else "",
        "dispatch-complexity": case.complexity or "",
        "dispatch-category": case.category or "",
        "dispatch-helpers": list(found.helpers) if found else [],
        **{f"dispatch-{flag}": getattr(case, flag) for flag in ("priority", "sensitive", "restricted")},
        **attempt.typed,
    }
