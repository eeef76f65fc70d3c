"""The desk: what has to be done, by time left; one key sends a case where triage suggests, a few send many."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request
from sqlalchemy import Connection

from chassis import clock, pages, web
from chassis.errors import DomainError
from chassis.web.problems import ErrorTable
from services.dispatch import commands
from services.dispatch.domain.case import Case
from services.dispatch.domain.visibility import decider
from services.dispatch.errors import CaseNotFound, WordTooShort
from services.dispatch.pages import tabs, words
from services.dispatch.pages.case import DECIDERS, STAFF
from services.dispatch.pages.forms import expect_typed
from services.dispatch.schemas import SearchBody

PAGE = 50
OPEN_IT = "没有建议单位，请打开后分拨。"
BY_HAND = "回避件请打开后逐件分拨。"

blueprint = pages.Blueprint("desk", __name__, url_prefix="/desk")


@blueprint.get("")
@pages.requires(*STAFF)
def queue() -> Response:
    """One list in order of time left; each caller sees the cases of its scopes."""
    who, asked = pages.caller(), _asked()
    with web.database().transaction() as tx:
        found = commands.page(tx, who.scopes, _wish(asked))
        return pages.page(
            "desk/queue.html",
            **_tabs(tx, asked),
            entries=found,
            next=_address(asked, after=found[-1].cursor(_wish(asked)["sort"])) if len(found) == PAGE else None,
            units={unit.code: unit for unit in commands.units(tx)},
            empty=tabs.TABS[asked["tab"]].empty,
            decides={each.case.number for each in found if decider(each.case) in who.roles},
            here_is=_address(asked, after=asked["after"]),
            is_unit="unit" in who.roles,
            now=clock.now(tx),
            words=words,
        )


@blueprint.get("/counts")
@pages.requires(*STAFF)
def counts() -> Response:
    """The tabs with their numbers, asked for again every few seconds."""
    with web.database().transaction() as tx:
        return pages.fragment("desk/tabs.html", **_tabs(tx, _asked()))


@blueprint.post("/search")
@pages.requires(*STAFF)
def search() -> Response:
    """A number opens its case, words list theirs, newest first.

    By POST: what people search for must not stand in addresses, which are logged.
    """
    who, sought = pages.caller(), request.form.get("q", "").strip()[:100]
    with web.database().transaction() as tx:
        with suppress(CaseNotFound):
            case, _ = commands.read(tx, sought.upper(), who.scopes)
            return pages.back(f"/desk/cases/{case.number}")
        found, refusal = _found(tx, {**SearchBody().load({}), "words": sought, "limit": PAGE})
        return pages.page(
            "desk/found.html",
            status=422 if refusal else 200,
            q=sought,
            refusal=refusal,
            entries=found,
            full=len(found) == PAGE,
            units={unit.code: unit for unit in commands.units(tx)},
            now=clock.now(tx),
            words=words,
        )


def _found(tx: Connection, wish: Mapping[str, Any]) -> tuple[list[Any], str]:
    """The cases, or the sentence that says why nothing was looked for."""
    table: ErrorTable = current_app.extensions["lianxin.errors"]
    if not wish["words"]:
        return [], "请写编号，或来信里的词。"
    try:
        return commands.search(tx, pages.caller().scopes, wish), ""
    except WordTooShort as refusal:
        return [], table.sentence(refusal.code, refusal.data)


@blueprint.post("/dispatch")
@pages.requires(*DECIDERS)
def confirm() -> Response:
    """Sends one case, or all that are ticked, each to its suggested unit, and tells the result of each."""
    back = pages.local(request.form.get("back"), "/desk")
    one = request.form.get("one")
    if one:
        return pages.back(back, _confirm(one)[1])
    results = [_confirm(number) for number in list(dict.fromkeys(request.form.getlist("case")))[:PAGE]]
    return pages.page("desk/dispatched.html", results=results, back=back)


def _confirm(number: str) -> tuple[bool, str]:
    """Whether it went out, and the sentence that says where to, or why not."""
    table: ErrorTable = current_app.extensions["lianxin.errors"]
    try:
        with (
            web.database().transaction() as tx,
            web.idempotent(tx, route=f"suggested {number}", request_hash_of=number) as once,
        ):
            case, _ = commands.read(tx, number, pages.caller().scopes)
            if once.existing is None:
                case = _send(tx, case)
                once.remember(number)
            return True, f"{number} 已分拨给{case.unit_name}。"
    except Unsuggested as refusal:
        return False, f"{number}：{refusal}"
    except DomainError as refusal:
        return False, f"{number[:40]}：{table.sentence(refusal.code, refusal.data)}"


class Unsuggested(Exception):
    """Nothing that one key may confirm; says why."""


def _send(tx: Connection, case: Case) -> Case:
    if case.restricted:
        raise Unsuggested(BY_HAND)
    if case.study is None or case.study.suggestion is None:
        raise Unsuggested(OPEN_IT)
    who = pages.caller()
    officer = commands.Officer(who.subject, who.roles, who.unit, who.scopes, expect_typed(f"revision-{case.number}"))
    wish = {"unit": case.study.suggestion, "complexity": case.complexity or "complex"}
    return commands.dispatch(tx, case.number, wish, officer)


def _asked() -> dict[str, str]:
    """What the address asks for; a tab the role does not have is its first."""
    names = tabs.names_for(pages.caller().roles)
    asked = {name: request.args.get(name, "")[:80] for name in ("tab", "unit", "community", "after")}
    return {**asked, "tab": asked["tab"] if asked["tab"] in names else names[0]}


def _wish(asked: Mapping[str, str]) -> dict[str, Any]:
    narrowed = {name: asked[name] or None for name in ("unit", "community")}
    return {"sort": "time_left", "after": asked["after"], "limit": PAGE, **narrowed, **tabs.TABS[asked["tab"]].wish}


def _address(asked: Mapping[str, str], **changed: str) -> str:
    wanted = {**asked, "after": "", **changed}
    return f"/desk?{urlencode({name: value for name, value in wanted.items() if value})}"


def _tabs(tx: Connection, asked: Mapping[str, str]) -> dict[str, Any]:
    counted = commands.count_open(tx, pages.caller().scopes)
    shown = [
        (
            name,
            tabs.TABS[name],
            tabs.count(tabs.TABS[name], counted) if name != "closed" else None,
            _address({**asked, "tab": name}),
        )
        for name in tabs.names_for(pages.caller().roles)
    ]
    return {"tabs": shown, "asked": asked, "live": f"/desk/counts?{urlencode({'tab': asked['tab']})}"}
