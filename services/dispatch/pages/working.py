"""What a unit does with a case: acknowledge, contact, work, reply, or hand back."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from chassis import pages
from services.dispatch import commands
from services.dispatch.pages.case import blueprint, show
from services.dispatch.pages.fields import moment
from services.dispatch.pages.forms import Form, Values, answer
from services.dispatch.schemas.requests import (
    AcknowledgeBody,
    ContactBody,
    HandBackBody,
    HandlerBody,
    ReplyBody,
    WorkBody,
)


def _contact(typed: Mapping[str, Any]) -> Values:
    return {**typed, "promised_at": moment(typed.get("promised_at"))}


ACKNOWLEDGE = Form("acknowledge", AcknowledgeBody(), commands.acknowledge, "已签收。")
HAND_BACK = Form("hand_back", HandBackBody(), commands.hand_back, "已退件，等待诉求中心裁决。")
CONTACT = Form("contact", ContactBody(), commands.contact, "已记录先行联系。", _contact)
HANDLER = Form("handler", HandlerBody(), commands.name_handler, "已指定经办人。")
WORK = Form("work", WorkBody(), commands.record_work, "已记录。")
REPLY = Form("reply", ReplyBody(), commands.reply, "已答复，等待诉求中心审核。")


@blueprint.post("/acknowledge")
@pages.requires("unit")
def acknowledge(number: str) -> Response:
    """The unit confirms receipt."""
    return answer(number, ACKNOWLEDGE, show)


@blueprint.post("/hand_back")
@pages.requires("unit")
def hand_back(number: str) -> Response:
    """Not this unit's: the centre rules."""
    return answer(number, HAND_BACK, show)


@blueprint.post("/contact")
@pages.requires("unit")
def contact(number: str) -> Response:
    """The resident was told process and date (R25)."""
    return answer(number, CONTACT, show)


@blueprint.post("/handler")
@pages.requires("unit")
def handler(number: str) -> Response:
    """Who in the unit works on the case."""
    return answer(number, HANDLER, show)


@blueprint.post("/work")
@pages.requires("unit")
def work(number: str) -> Response:
    """What the lead unit or a helper did."""
    return answer(number, WORK, show)


@blueprint.post("/reply")
@pages.requires("unit")
def reply(number: str) -> Response:
    """The unit answers; the centre reviews."""
    return answer(number, REPLY, show)
