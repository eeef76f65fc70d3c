"""What a unit does with a case: acknowledge, contact, work, reply, or hand back."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from sqlalchemy import Connection

from chassis import pages
from services.dispatch import commands
from services.dispatch.domain.case import Case
from services.dispatch.pages.case import blueprint, show
from services.dispatch.pages.fields import moment
from services.dispatch.pages.forms import Form, Values, answer
from services.dispatch.schemas import AcknowledgeBody, ContactBody, HandBackBody, HandlerBody, ReplyBody, WorkBody


def _told(typed: Mapping[str, Any]) -> Values:
    return {**typed, "promised_at": moment(typed.get("promised_at"))}


ACKNOWLEDGE = Form("acknowledge", AcknowledgeBody())
HAND_BACK = Form("hand_back", HandBackBody())
CONTACT = Form("contact", ContactBody(), _told)
HANDLER = Form("handler", HandlerBody())
WORK = Form("work", WorkBody())
REPLY = Form("reply", ReplyBody())


@blueprint.post("/acknowledge")
@pages.requires("unit")
def acknowledge(number: str) -> Response:
    """The unit confirms receipt."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        return commands.acknowledge(tx, number, officer)

    return answer(number, ACKNOWLEDGE, run, show, f"{number} 已签收。")


@blueprint.post("/hand_back")
@pages.requires("unit")
def hand_back(number: str) -> Response:
    """Not this unit's: the centre rules."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        return commands.hand_back(tx, number, officer=officer, **body)

    return answer(number, HAND_BACK, run, show, f"{number} 已退件，等待诉求中心裁决。")


@blueprint.post("/contact")
@pages.requires("unit")
def contact(number: str) -> Response:
    """The resident was told process and date (R25)."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        return commands.contact(tx, number, officer=officer, **body)

    return answer(number, CONTACT, run, show, f"{number} 已记录先行联系。")


@blueprint.post("/handler")
@pages.requires("unit")
def handler(number: str) -> Response:
    """Who in the unit works on it."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        return commands.name_handler(tx, number, body["name"], officer)

    return answer(number, HANDLER, run, show, f"{number} 已指定经办人。")


@blueprint.post("/work")
@pages.requires("unit")
def work(number: str) -> Response:
    """What was done, by lead or helper."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        return commands.record_work(tx, number, officer=officer, **{**body, "media": tuple(body["media"])})

    return answer(number, WORK, run, show, f"{number} 已记录。")


@blueprint.post("/reply")
@pages.requires("unit")
def reply(number: str) -> Response:
    """The unit answers; the centre reviews."""

    def run(tx: Connection, body: Values, officer: commands.Officer) -> Case:
        return commands.reply(tx, number, body["text"], officer, tuple(body["media"]))

    return answer(number, REPLY, run, show, f"{number} 已答复，等待诉求中心审核。")
