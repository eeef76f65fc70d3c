"""What the centre, or whoever decides in its place, does with a case: dispatch, rule, merge, review."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response
from sqlalchemy import Connection

from chassis import pages
from services.dispatch import commands
from services.dispatch.domain import requests
from services.dispatch.domain.case import Case
from services.dispatch.pages.case import DECIDERS, blueprint, show
from services.dispatch.pages.fields import as_list, flags, unit_code
from services.dispatch.pages.forms import Form, Values, answer
from services.dispatch.schemas.requests import DispatchBody, MergeBody, ReviewBody, RulingBody

SAME = "="
"""As the unit of a ruling: the one that handed the case back."""


def _dispatch_fields(typed: Mapping[str, Any]) -> Values:
    given = {name: typed.get(name) for name in ("unit", "complexity", "category")}
    ticked = flags(typed, "priority", "sensitive", "restricted")
    return {**given, **ticked, "helpers": as_list(typed.get("helpers"))}


def _ruling_fields(typed: Mapping[str, Any]) -> Values:
    unit = SAME if typed.get("where") == "same" else typed.get("unit")
    return {"unit": unit, "reason": typed.get("reason")}


def _merge_fields(typed: Mapping[str, Any]) -> Values:
    return {"into": str(typed.get("other") or typed.get("into") or "").strip().upper()}


def _dispatch(tx: Connection, number: str, request: requests.Dispatch, officer: commands.Officer) -> Case:
    """The unit may be written as code, name or the word residents use."""
    unit = unit_code(request.unit, commands.units(tx))
    return commands.dispatch(tx, number, replace(request, unit=unit), officer)


def _rule(tx: Connection, number: str, request: requests.Rule, officer: commands.Officer) -> Case:
    case, _ = commands.read(tx, number, officer.scopes)
    unit = str(case.unit) if request.unit == SAME else unit_code(request.unit, commands.units(tx))
    return commands.rule(tx, number, replace(request, unit=unit), officer)


DISPATCH = Form("dispatch", DispatchBody(), _dispatch, "已分拨。", _dispatch_fields)
RULING = Form("ruling", RulingBody(), _rule, "已裁决。", _ruling_fields)
MERGE = Form("merge", MergeBody(), commands.merge, "已合并，诉求人会随主件收到答复。", _merge_fields)
CLOSE = Form("close", ReviewBody(), commands.close, "审核通过，已办结。", lambda typed: {**typed, "decision": "close"})
SEND_BACK = Form(
    "send_back", ReviewBody(), commands.send_back, "已退回重办。", lambda typed: {**typed, "decision": "send_back"}
)


@blueprint.post("/dispatch")
@pages.requires(*DECIDERS)
def dispatch(number: str) -> Response:
    """To a lead unit."""
    return answer(number, DISPATCH, show)


@blueprint.post("/ruling")
@pages.requires(*DECIDERS)
def ruling(number: str) -> Response:
    """To another unit, or back to the same one by force."""
    return answer(number, RULING, show)


@blueprint.post("/merge")
@pages.requires(*DECIDERS)
def merge(number: str) -> Response:
    """Into another case that answers for both; only ever by a person."""
    return answer(number, MERGE, show)


@blueprint.post("/close")
@pages.requires(*DECIDERS)
def close(number: str) -> Response:
    """The review passed."""
    return answer(number, CLOSE, show)


@blueprint.post("/send_back")
@pages.requires(*DECIDERS)
def send_back(number: str) -> Response:
    """The review failed."""
    return answer(number, SEND_BACK, show)
