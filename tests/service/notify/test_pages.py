"""/letters on a real database: who sees what, signing with the number shown, declining, receipt, honest states."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.notify import api
from services.notify.commands.printing import print_signed
from services.notify.domain.series import year_of
from tests.service.notify.desk import Desk
from tests.support.notify_story import DAY, Story

YEAR = year_of(datetime.now(UTC))
FIRST = f"宝新警示〔{YEAR}〕1号"


class Browser:
    """An officer's browser: keeps cookies, sends back what its page's form held."""

    def __init__(self, desk: Desk, role: str, unit: str | None = None) -> None:
        self.client: FlaskClient = api.create_app(desk.settings, desk.database).test_client()
        self.client.set_cookie("lianxin_token", desk.issuer.token(f"{role}1", role, unit=unit))

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def send(self, page: str, action: str, typed: Mapping[str, str] | None = None, follow: bool = True) -> TestResponse:
        """Fills in the form of `page` whose action ends with `action`."""
        form = self.get(page).text.partition(f'/{action}"')[2].partition("</form>")[0]
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        return self.client.post(f"{page}/{action}", data={**hidden, **(typed or {})}, follow_redirects=follow)


def breach(desk: Desk, index: int = 1, unit: str = "C07", gen: int = 1) -> str:
    """A letter that waits for a leader; the address of its page."""
    story = Story(f"XA20261124{index:06}", began=datetime.now(UTC) - DAY, unit=unit)
    known = set(desk.rows("letters", "id"))
    desk.hears(story.started(gen=gen), story.breached(gen=gen))
    (letter,) = set(desk.rows("letters", "id")) - known
    return f"/letters/{letter}"


def printed(desk: Desk) -> None:
    while print_signed(desk.database, desk.settings):
        pass


def test_a_leader_finds_what_waits_for_a_signature_and_signs_it(desk: Desk) -> None:
    page, leader = breach(desk), Browser(desk, "leader")
    assert page in leader.get("/letters").text
    shown = leader.send(page, "sign")
    assert (shown.status_code, shown.request.path) == (200, page)
    assert f"已签发，文号 {FIRST}。" in shown.text
    assert page not in leader.get("/letters").text
    assert FIRST in leader.get("/letters?state=signed").text


def test_while_the_paper_is_being_made_the_page_says_so_and_then_shows_it(desk: Desk) -> None:
    page, leader = breach(desk), Browser(desk, "leader")
    leader.send(page, "sign")
    waiting = leader.get(page).text
    assert f'data-live="{page}/live 2"' in waiting and "正在排版" in waiting
    assert leader.get(f"{page}/pdf").status_code == 409
    printed(desk)
    after = leader.get(f"{page}/live")
    assert f'src="{page}/pdf"' in after.text and "待签收" in after.text and "<html" not in after.text


def test_the_paper_may_be_framed_by_our_own_pages_and_by_nobody_else(desk: Desk) -> None:
    page, leader = breach(desk), Browser(desk, "leader")
    assert "frame-ancestors 'none'" in leader.get(page).headers["Content-Security-Policy"]
    draft = leader.get(f"{page}/draft")
    leader.send(page, "sign")
    printed(desk)
    for paper in (draft, leader.get(f"{page}/pdf")):
        assert "frame-ancestors 'self'" in paper.headers["Content-Security-Policy"]
        assert paper.headers["Cache-Control"] == "no-store"
        paper.close()
    assert paper.mimetype == "application/pdf" and "attachment" not in paper.headers.get("Content-Disposition", "")


def test_a_draft_says_what_will_be_printed_but_no_number(desk: Desk) -> None:
    page, leader = breach(desk), Browser(desk, "leader")
    draft = leader.get(f"{page}/draft").text
    assert "〔签发时编号〕" in draft and "XA20261124000001" in draft
    leader.send(page, "sign")
    assert leader.get(f"{page}/draft").status_code == 404


def test_declining_needs_a_reason_and_keeps_what_was_typed(desk: Desk) -> None:
    page, leader = breach(desk), Browser(desk, "leader")
    refused = leader.send(page, "decline", {"reason": "因"})
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.text and ">\n因</textarea>" in refused.text
    shown = leader.send(page, "decline", {"reason": "单位已说明情况。"})
    assert "不予签发" in shown.text and "单位已说明情况。" in shown.text
    assert desk.rows("letters", "state", "cause") == [("voided", "declined")]


def test_the_unit_acknowledges_its_own_letter_once_it_is_there(desk: Desk) -> None:
    page, leader, unit = breach(desk), Browser(desk, "leader"), Browser(desk, "unit", "C07")
    assert unit.get(page).status_code == 404
    leader.send(page, "sign")
    printed(desk)
    assert page in unit.get("/letters").text
    assert "已签收，请按期书面反馈。" in unit.send(page, "acknowledge").text
    assert desk.rows("letters", "state") == ["acknowledged"]


def test_another_units_letter_does_not_exist(desk: Desk) -> None:
    page, leader, other = breach(desk), Browser(desk, "leader"), Browser(desk, "unit", "C09")
    own = breach(desk, 2, unit="C09")
    for each in (page, own):
        leader.send(each, "sign")
    printed(desk)
    assert page not in other.get("/letters?state=all").text
    for address in (page, f"{page}/pdf", f"{page}/live", f"{page}/draft"):
        assert other.get(address).status_code == 404
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', other.get(own).text))
    assert other.client.post(f"{page}/acknowledge", data=hidden).status_code == 404


@pytest.mark.parametrize("role", ["centre", "supervisor"])
def test_centre_and_supervisor_read_all_and_sign_nothing(desk: Desk, role: str) -> None:
    page, reader = breach(desk), Browser(desk, role)
    assert page in reader.get("/letters").text
    shown = reader.get(page).text
    assert "等待领导签发" in shown and f"{page}/sign" not in shown
    csrf = re.findall(r'name="csrf" value="([^"]+)"', shown)[0]
    assert reader.client.post(f"{page}/sign", data={"csrf": csrf}).status_code == 403


def test_a_double_tap_signs_once_and_both_see_the_number(desk: Desk) -> None:
    page, leader = breach(desk), Browser(desk, "leader")
    form = leader.get(page).text.partition(f'{page}/sign"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    twice = [leader.client.post(f"{page}/sign", data=hidden) for _ in range(2)]
    assert [(each.status_code, each.location) for each in twice] == [(303, page)] * 2
    assert desk.rows("letter_numbers", "last") == [1]


def test_a_second_leader_who_comes_too_late_is_told_so(desk: Desk) -> None:
    page, first, second = breach(desk), Browser(desk, "leader"), Browser(desk, "leader")
    csrf = dict(re.findall(r'name="(csrf)" value="([^"]+)"', second.get(page).text))
    first.send(page, "sign")
    late = second.client.post(f"{page}/sign", data=csrf)
    assert late.status_code == 409 and "当前状态下不能这样操作" in late.text


def test_a_form_from_elsewhere_signs_nothing(desk: Desk) -> None:
    page, leader = breach(desk), Browser(desk, "leader")
    assert leader.client.post(f"{page}/sign", data={}).status_code == 403
    assert desk.rows("letters", "state") == ["proposed"]


def test_without_a_login_one_is_asked_for(desk: Desk) -> None:
    answer = api.create_app(desk.settings, desk.database).test_client().get("/letters")
    assert (answer.status_code, answer.location) == (307, "/login/renew?next=%2Fletters")


@pytest.mark.parametrize("address", ["/letters?state=lost", "/letters?after=1", "/letters/1", "/letters/1/pdf"])
def test_an_address_nobody_was_given_leads_nowhere(desk: Desk, address: str) -> None:
    assert Browser(desk, "leader").get(address).status_code == 404


def test_pages_of_the_list_follow_each_other(desk: Desk) -> None:
    for index in range(52):
        breach(desk, index)
    leader = Browser(desk, "leader")
    first = leader.get("/letters").text
    (more,) = re.findall(r'href="(/letters\?state=proposed&amp;after=[^"]+)"', first)
    second = leader.get(more.replace("&amp;", "&")).text
    shown = [re.findall(r'data-key="Enter" href="([^"]+)"', page) for page in (first, second)]
    assert [len(each) for each in shown] == [50, 2]
    assert not {*shown[0]} & {*shown[1]}


def test_a_letter_of_a_second_round_says_so(desk: Desk) -> None:
    page = breach(desk, gen=2)
    assert "第 2 轮办理" in Browser(desk, "leader").get(page).text
