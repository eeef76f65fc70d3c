"""What the centre, or whoever decides in its place, does with a case: dispatch, rule, merge, review."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from sqlalchemy import Connection

from chassis import pages
from services.dispatch import commands
from services.dispatch.domain.case import Case
from services.dispatch.pages.case import DECIDERS, blueprint, show
from services.dispatch.pages.fields import flags, several, unit_code
from services.dispatch.pages.forms import Form, Values, answer
from services.dispatch.schemas import DispatchBody, MergeBody, ReviewBody, RulingBody

SAME = "="
"""As the unit of a ruling: the one that handed the case back."""


def _order(typed: Mapping[str, Any]) -> Values:
    given = {name: typed.get(name) for name in ("unit", "complexity", "category")}
    ticked = flags(typed, "priority", "sensitive", "restricted")
    return {**given, **ticked, "helpers": several(typed.get("helpers"))}


def _ruled(typed: Mapping[str, Any]) -> Values:
    unit = SAME if typed.get("where") == "same" else typed.get("unit")
    return {"unit": unit, "reason": typed.get("reason")}


def _merged(typed: Mapping[str, Any]) -> Values:
    return {"into": str(typed.get("other") or typed.get("into") or "").strip().upper()}


DISPATCH = Form("dispatch", DispatchBody(), _order)
RULING = Form("ruling", RulingBody(), _ruled)
MERGE = Form("merge", MergeBody(), _merged)
CLOSE = Form("close", ReviewBody(), lambda typed: {**typed, "decision": "close"})
SEND_BACK = Form("send_back", ReviewBody(), lambda typed: {**typed, "decision": "send_back"})


@blueprint.post("/dispatch")
@pages.requires(*DECIDERS)
def dispatch(number: str) -> Response:
    """To a lead unit, chosen by code, name or the word residents use."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        wish = {**body, "unit": unit_code(body["unit"], commands.units(tx))}
        return commands.dispatch(tx, number, wish, officer)

    return answer(number, DISPATCH, run, show, f"{number} 已分拨。")


@blueprint.post("/ruling")
@pages.requires(*DECIDERS)
def ruling(number: str) -> Response:
    """To another unit, or back to the same one by force."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        case, _ = commands.read(tx, number, officer.scopes)
        unit = case.unit if body["unit"] == SAME else unit_code(body["unit"], commands.units(tx))
        return commands.rule(tx, number, {**body, "unit": unit}, officer)

    return answer(number, RULING, run, show, f"{number} 已裁决。")


@blueprint.post("/merge")
@pages.requires(*DECIDERS)
def merge(number: str) -> Response:
    """Into another case that answers for both; never by itself."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        return commands.merge(tx, number, body["into"], officer)

    return answer(number, MERGE, run, show, f"{number} 已合并，诉求人会随主件收到答复。")


@blueprint.post("/close")
@pages.requires(*DECIDERS)
def close(number: str) -> Response:
    """Review passed."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        return commands.close(tx, number, body["outcome"], officer)

    return answer(number, CLOSE, run, show, f"{number} 审核通过，已办结。")


@blueprint.post("/send_back")
@pages.requires(*DECIDERS)
def send_back(number: str) -> Response:
    """Review failed."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        return commands.send_back(tx, number, body["reason"], officer)

    return answer(number, SEND_BACK, run, show, f"{number} 已退回重办。")
