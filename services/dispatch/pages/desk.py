"""The desk: what has to be done, by time left; one key sends a case where triage suggests, a few send many."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from sqlalchemy import Connection

from chassis import clock, pages, web
from services.dispatch import commands
from services.dispatch.domain.case import Case
from services.dispatch.domain.requests import BULK_LIMIT, CaseList, Search
from services.dispatch.domain.visibility import decider
from services.dispatch.errors import CaseNotFound, WordTooShort
from services.dispatch.pages import tabs, words
from services.dispatch.pages.case import DECIDERS, STAFF
from services.dispatch.pages.forms import officer
from services.dispatch.refusals import sentence_of

PAGE = 50

blueprint = pages.Blueprint("desk", __name__, url_prefix="/desk")


@blueprint.get("")
@pages.requires(*STAFF)
def queue() -> Response:
    """One list in order of time left; each caller sees the cases of its scopes."""
    who, asked = pages.caller(), _asked()
    with web.database().transaction() as tx:
        query = _query(asked)
        found = commands.page(tx, who.scopes, query)
        return pages.page(
            "desk/queue.html",
            **_tabs(tx, asked),
            entries=found,
            next=_address(asked, after=found[-1].cursor(query.sort)) if len(found) == PAGE else None,
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
        found, refusal = _found(tx, Search(words=sought, limit=PAGE))
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


def _found(tx: Connection, query: Search) -> tuple[list[Any], str]:
    """The cases, or the sentence that says why nothing was looked for."""
    if not query.words:
        return [], "请写编号，或来信里的词。"
    try:
        return commands.search(tx, pages.caller().scopes, query), ""
    except WordTooShort as refusal:
        return [], sentence_of(refusal)


@blueprint.post("/dispatch")
@pages.requires(*DECIDERS)
def confirm() -> Response:
    """Sends one case, or all that are ticked, each to its suggested unit, and tells the result of each."""
    back = pages.local(request.form.get("back"), "/desk")
    one = request.form.get("one")
    numbers = [one] if one else request.form.getlist("case")[:BULK_LIMIT]
    results = [_sentence(each) for each in commands.dispatch_each(numbers, _dispatch_as_suggested)]
    if one:
        return pages.back(back, results[0][1])
    return pages.page("desk/dispatched.html", results=results, back=back)


def _dispatch_as_suggested(number: str) -> Case:
    with (
        web.database().transaction() as tx,
        web.idempotent(tx, route=f"suggested {number}", request_hash_of=number) as once,
    ):
        if once.existing is not None:
            return commands.read(tx, number, pages.caller().scopes)[0]
        case = commands.dispatch_as_suggested(tx, number, officer(f"revision-{number}"))
        once.remember(number)
        return case


def _sentence(outcome: commands.Outcome) -> tuple[bool, str]:
    """Whether the case was sent, and the sentence that says where to, or why not."""
    if outcome.refusal is None:
        return True, f"{outcome.number} 已分拨给{outcome.unit_name}。"
    return False, f"{outcome.number[:40]}：{sentence_of(outcome.refusal)}"


def _asked() -> dict[str, str]:
    """What the address asks for; a tab the role does not have is its first."""
    names = tabs.names_for(pages.caller().roles)
    asked = {name: request.args.get(name, "")[:80] for name in ("tab", "unit", "community", "after")}
    return {**asked, "tab": asked["tab"] if asked["tab"] in names else names[0]}


def _query(asked: Mapping[str, str]) -> CaseList:
    tab = tabs.TABS[asked["tab"]]
    return CaseList(
        states=tab.states,
        mark=tab.mark,
        open=tab.open,
        sort=tab.sort,
        unit=asked["unit"] or None,
        community=asked["community"] or None,
        after=asked["after"],
        limit=PAGE,
    )


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
