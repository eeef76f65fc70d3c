"""The desk: lists by time left with their numbers, one key or many ticks, and each role's own sight."""

import re
from typing import Any

import pytest

from tests.service.dispatch.browser import Browser, Shown
from tests.service.dispatch.office import METRO, STALLS, Intake, Office

FIRST, SECOND, THIRD = (f"XA2026112400000{n}" for n in (1, 2, 3))
ABOUT_STAFF = "城管队员收钱不办事，要求严肃处理，餐馆油烟扰民也没人管。"


@pytest.fixture
def desk(office: Office) -> Office:
    """Two cases wait with a suggestion; a third was sent to C01 by the rule."""
    office.take_in(Intake(FIRST, text=STALLS), Intake(SECOND, text=STALLS), Intake(THIRD, text=METRO))
    return office


def numbers(page: Shown) -> list[str]:
    return re.findall(r'id="row-(XA\d+)"', page.html)


def counts(page: Shown) -> dict[str, int]:
    return {name: int(n) for name, n in re.findall(r'id="tab-(\w+)"[^>]*>.*?<strong>(\d+)</strong>', page.html)}


def unit_of(office: Office, number: str) -> Any:
    return office.get(f"/cases/{number}").json["unit"]


def test_the_centre_begins_with_what_waits_for_it_and_why(desk: Office) -> None:
    page = Browser(desk).open("/desk")
    assert numbers(page) == [FIRST, SECOND] and page.html.count("<h1>") == 1
    assert "有多个可能的主办单位" in page.words and "建议：" in page.words and "餐馆油烟扰民" in page.words
    assert counts(page) == {
        "waiting": 2, "at_units": 1, "handed_back": 0, "replied": 0, "yellow": 0, "red": 0, "all": 3,
    }  # fmt: skip


def test_one_key_sends_a_case_to_its_suggested_unit(desk: Office) -> None:
    centre = Browser(desk)
    page = centre.open("/desk")
    assert 'data-key="c Enter"' in page.html
    suggested = desk.get(f"/cases/{FIRST}").json["suggestion"]
    sent = centre.send(page, "bulk", {"one": FIRST})
    assert (sent.status, sent.location) == (303, "/desk?tab=waiting")
    page = centre.follow(sent)
    assert f"{FIRST} 已分拨给" in page.words and numbers(page) == [SECOND]
    assert unit_of(desk, FIRST) == suggested


def test_many_are_sent_at_once_and_the_result_of_each_is_told(desk: Office) -> None:
    centre = Browser(desk)
    page = centre.open("/desk")
    desk.post(f"/cases/{SECOND}/dispatch", {"unit": "O02", "helpers": [], "complexity": "simple"})
    told = centre.send(page, "bulk", {"case": [FIRST, SECOND, "XA20261124000009"]})
    assert "3 件中 1 件已分拨" in told.words and f"{FIRST} 已分拨给" in told.words
    assert re.search(rf"{SECOND}：\S", told.words) and "没有找到这件诉求" in told.words
    assert unit_of(desk, SECOND) == "O02"


def test_nothing_ticked_sends_nothing_and_says_what_to_do(desk: Office) -> None:
    centre = Browser(desk)
    assert "请先勾选" in centre.send(centre.open("/desk"), "bulk", {}).words


def test_a_case_that_somebody_changed_meanwhile_is_not_sent(desk: Office) -> None:
    centre = Browser(desk)
    page = centre.open("/desk")
    told = centre.send(page, "bulk", {"case": [FIRST], f"revision-{FIRST}": "99"})
    assert "内容已被他人更新" in told.words and unit_of(desk, FIRST) is None


def test_a_letter_about_a_unit_is_never_sent_by_one_key(office: Office) -> None:
    office.take_in(Intake(FIRST, text=ABOUT_STAFF), Intake(SECOND, text=STALLS))
    centre = Browser(office)
    page = centre.open("/desk")
    assert "回避" in page.words and f"revision-{FIRST}" not in page.forms["bulk"].values
    assert "回避件请打开后逐件分拨" in centre.send(page, "bulk", {"case": [FIRST]}).words
    assert unit_of(office, FIRST) is None


def test_lists_are_narrowed_by_community_and_unit(desk: Office) -> None:
    centre = Browser(desk)
    assert numbers(centre.open("/desk?tab=all&unit=C01")) == [THIRD]
    assert numbers(centre.open("/desk?tab=all&unit=none")) == [FIRST, SECOND]
    assert numbers(centre.open("/desk?tab=all&community=C01")) == [FIRST, SECOND, THIRD]
    page = centre.open("/desk?tab=all&community=C02")
    assert numbers(page) == [] and "取消筛选" in page.words


def test_a_unit_sees_its_own_cases_and_no_way_to_send_them(desk: Office) -> None:
    page = Browser(desk, "unit", "C01").open("/desk")
    assert (
        numbers(page) == [THIRD]
        and "本单位办件" in page.words
        and set(page.forms) == {"/logout", "/desk/search", "/desk"}
    )
    assert counts(page)["all"] == 1 and "waiting" not in counts(page)
    nothing = Browser(desk, "unit", "C07").open("/desk")
    assert numbers(nothing) == [] and "没有未办结的诉求" in nothing.words
    assert Browser(desk, "unit", "C01").post("/desk/dispatch", {"case": FIRST}).status == 403


def test_an_empty_list_says_what_comes_there(office: Office) -> None:
    assert "没有待分拨的诉求" in Browser(office).open("/desk").words


def test_numbers_are_asked_for_again_alone(desk: Office) -> None:
    page = Browser(desk).open("/desk/counts?tab=waiting")
    assert counts(page)["waiting"] == 2 and "<html" not in page.html


@pytest.mark.parametrize("address", ["/desk?tab=nonsense", "/desk?tab=yellow", "/desk?tab=closed", "/desk?tab=replied"])
def test_every_list_opens(desk: Office, address: str) -> None:
    assert Browser(desk).open(address).status == 200


def test_a_place_that_no_page_gave_is_refused(desk: Office) -> None:
    assert Browser(desk).open("/desk?tab=waiting&after=yesterday").status == 422


def search(browser: Browser, words: str) -> Shown:
    return browser.send(browser.open("/desk"), "/desk/search", {"q": words})


def test_a_number_that_is_searched_for_opens_its_case_and_never_another_unit_s(desk: Office) -> None:
    assert search(Browser(desk), f" {THIRD.lower()} ").location == f"/desk/cases/{THIRD}"
    assert "没有找到" in search(Browser(desk, "unit", "C07"), THIRD).words
