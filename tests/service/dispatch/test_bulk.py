"""Many cases sent at once: the API and the desk refuse the same cases for the same reasons."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from tests.service.dispatch.browser import Browser
from tests.service.dispatch.office import METRO, STALLS, Intake, Office

FIRST, SECOND = "XA20261124000001", "XA20261124000002"
ABOUT_STAFF = "城管队员收钱不办事，要求严肃处理，餐馆油烟扰民也没人管。"

Send = Callable[[Office, list[str]], dict[str, str]]


def by_api(office: Office, numbers: list[str]) -> dict[str, str]:
    rows: list[dict[str, Any]] = office.post("/dispatch", {"numbers": numbers}).json["outcomes"]
    return {row["number"]: row["sentence"] or "已分拨" for row in rows}


def by_page(office: Office, numbers: list[str]) -> dict[str, str]:
    centre = Browser(office)
    html = centre.send(centre.open("/desk"), "bulk", {"case": numbers}).html
    said = dict(re.findall(r"<li[^>]*>(XA\d+)(?:：| )(.*)</li>", html))
    return {number: "已分拨" if words.startswith("已分拨给") else words for number, words in said.items()}


both_doors = pytest.mark.parametrize("send", [by_api, by_page])


def state_of(office: Office, number: str) -> Any:
    return office.get(f"/cases/{number}").json["state"]


@both_doors
def test_a_restricted_case_is_never_sent_in_bulk(office: Office, send: Send) -> None:
    office.take_in(Intake(FIRST, text=ABOUT_STAFF), Intake(SECOND, text=STALLS))
    assert office.get(f"/cases/{FIRST}").json["suggestion"]
    assert send(office, [FIRST, SECOND]) == {FIRST: "回避件请打开后逐件分拨。", SECOND: "已分拨"}
    assert [state_of(office, number) for number in (FIRST, SECOND)] == ["waiting", "dispatched"]


@both_doors
def test_a_case_whose_complexity_triage_left_open_is_never_sent_in_bulk(office: Office, send: Send) -> None:
    office.take_in(Intake(FIRST, text=STALLS))
    with office.database.transaction() as tx:
        tx.execute(text("update cases set complexity = null"))
    assert send(office, [FIRST]) == {FIRST: "研判没有建议单位，请逐件分拨。"}
    assert state_of(office, FIRST) == "waiting"


@both_doors
def test_each_refusal_is_told_in_the_same_words(office: Office, send: Send) -> None:
    office.take_in(Intake(FIRST, text="你好，辛苦了，谢谢大家。"), Intake(SECOND, text=METRO))
    assert send(office, [FIRST, SECOND, FIRST, "XA20261124999999"]) == {
        FIRST: "研判没有建议单位，请逐件分拨。",
        SECOND: "当前状态不能进行这项操作。",
        "XA20261124999999": "没有找到这件诉求。",
    }
