"""Off the ordinary way at the desk: handed back and ruled upon, merged, noted, found again by its words."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.service.dispatch.browser import Browser, Shown
from tests.service.dispatch.office import METRO, STALLS, Intake, Office
from tests.support.clock import move_clock

NUMBER, TWIN, OTHER = (f"XA2026112400000{n}" for n in (1, 2, 3))
CASE, REPEAT = f"/desk/cases/{NUMBER}", f"/desk/cases/{TWIN}"
NOT_OURS = {"reason_code": "not_our_duty", "reason": "占道经营由城管办管理"}


@pytest.fixture
def sent(office: Office) -> Office:
    """A case that C01 leads, with nobody helping."""
    office.take_in(Intake(NUMBER, text=METRO))
    return office


@pytest.fixture
def lead(sent: Office) -> Browser:
    return Browser(sent, "unit", "C01")


def ruled(office: Office, **typed: str) -> Shown:
    centre = Browser(office)
    return centre.send(centre.open(CASE), "ruling", **typed)


def test_a_unit_hands_back_once_and_the_centre_sends_it_elsewhere(sent: Office, lead: Browser) -> None:
    page = lead.open(CASE)
    assert "退件：不属于本单位（还剩" in page.words
    told = lead.follow(lead.send(page, "hand_back", **NOT_OURS))
    assert "已退件，待裁决" in told.words and "职能不符" in told.words and set(told.forms) == {"/logout"}
    assert NUMBER in Browser(sent).open("/desk?tab=handed_back").html
    assert ruled(sent, where="other", unit="外星办", reason="由城管办处理").status == 422
    assert ruled(sent, where="other", unit="城管办", reason="由城管办处理").status == 303
    assert sent.get(f"/cases/{NUMBER}").json["unit"] == "O02"
    assert "由城管办处理" in Browser(sent, "unit", "O02").open(CASE).words


def test_a_case_ruled_back_by_force_is_handed_back_no_more(sent: Office, lead: Browser) -> None:
    lead.send(lead.open(CASE), "hand_back", **NOT_OURS)
    assert ruled(sent, where="same", reason="属地管理，由社区办理").status == 303
    page = lead.open(CASE)
    assert "退件未被同意" in page.words and "hand_back" not in page.forms and "acknowledge" in page.forms


def test_a_hand_back_needs_its_reason_and_keeps_its_words(lead: Browser) -> None:
    page = lead.send(lead.open(CASE), "hand_back", reason="占道经营由城管办管理")
    assert page.status == 422 and "必填" in page.words
    assert page.forms["hand_back"].values["hand_back-reason"] == ["占道经营由城管办管理"]


def test_after_two_hours_the_form_is_gone_and_an_open_one_is_refused(sent: Office, lead: Browser) -> None:
    opened = lead.open(CASE)
    move_clock(sent.database, timedelta(hours=2, minutes=1))
    assert "hand_back" not in lead.open(CASE).forms
    late = lead.send(opened, "hand_back", **NOT_OURS)
    assert late.status == 409 and "现已超时" in late.words and "占道经营由城管办管理" in late.words


def test_a_unit_names_its_handler_and_notes_its_work(sent: Office, lead: Browser) -> None:
    page = lead.follow(lead.send(lead.open(CASE), "handler", name="社区工作人员"))
    assert "经办人 社区工作人员" in page.words
    assert "work" not in page.forms  # nothing is done on a site before it is acknowledged
    page = lead.follow(lead.send(page, "acknowledge"))
    page = lead.follow(lead.send(page, "work", kind="after", text="已清理出口两侧的车辆"))
    assert "办理记录" in page.words and "处置后" in page.words and "已清理出口两侧的车辆" in page.words
    assert lead.send(page, "work", kind="after", text=" ").status == 422
    assert lead.send(page, "handler", name="").status == 422


@pytest.fixture
def twins(office: Office) -> Office:
    """Two letters about one matter, and one about another."""
    office.take_in(Intake(NUMBER, text=STALLS), Intake(TWIN, text=STALLS + "又来反映。"), Intake(OTHER, text=METRO))
    return office


def test_a_repeat_is_proposed_with_its_reason_and_merged_by_a_person(twins: Office) -> None:
    centre = Browser(twins)
    page = centre.open(REPEAT)
    assert "可能是同一件事" in page.words and "同一地点，内容相近" in page.words and NUMBER in page.words
    merged = centre.follow(centre.send(page, "merge", into=NUMBER))
    assert "已并入另一件" in merged.words and "并入" in merged.words
    assert TWIN in centre.open(CASE).words


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"other": TWIN}, "不能并入自己"),
        ({"other": "XA20261124000099"}, "没有找到要并入的诉求"),
        ({}, "必填"),
    ],
)
def test_a_merge_that_cannot_be_says_why(twins: Office, typed: dict[str, str], sentence: str) -> None:
    centre = Browser(twins)
    page = centre.send(centre.open(REPEAT), "merge", **typed)
    assert page.status == 422 and sentence in page.words


def test_words_find_their_cases_and_never_another_unit_s(twins: Office) -> None:
    def search(browser: Browser, words: str) -> Shown:
        return browser.send(browser.open("/desk"), "/desk/search", {"q": words})

    found = search(Browser(twins), "油烟 扰民")
    assert f"row-{NUMBER}" in found.html and f"row-{TWIN}" in found.html and f"row-{OTHER}" not in found.html
    assert "没有找到" in search(Browser(twins, "unit", "C07"), "油烟").words
    assert "没有找到" in search(Browser(twins), "不存在的词语").words
    assert search(Browser(twins), "油").status == 422
    assert search(Browser(twins), " ").status == 422


def test_what_is_closed_is_listed_with_the_newest_first(twins: Office) -> None:
    with twins.database.transaction() as tx:
        tx.execute(text("update cases set state = 'closed'"))
    page = Browser(twins).open("/desk?tab=closed")
    assert re.findall(r'id="row-(XA\d+)"', page.html) == [OTHER, TWIN, NUMBER]


def test_a_repeat_that_is_over_is_shown_and_cannot_be_chosen(twins: Office) -> None:
    with twins.database.transaction() as tx:
        tx.execute(text("update cases set state = 'closed' where number = :number"), {"number": NUMBER})
    page = Browser(twins).open(REPEAT)
    assert NUMBER in page.words and f'value="{NUMBER}"' not in page.html
