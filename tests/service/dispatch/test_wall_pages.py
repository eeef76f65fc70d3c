"""The wall: numbers by unit and community that open their lists, the caller's own cases only."""

import re

import pytest

from tests.service.dispatch.browser import Browser, Shown
from tests.service.dispatch.office import METRO, STALLS, Intake, Office
from tests.service.dispatch.test_desk_pages import numbers

WAITING, SENT = "XA20261124000001", "XA20261124000002"


@pytest.fixture
def hall(office: Office) -> Office:
    office.take_in(Intake(WAITING, text=STALLS, community=None), Intake(SENT, text=METRO))
    return office


def totals(page: Shown) -> dict[str, int]:
    return {name: int(n) for name, n in re.findall(r'id="total-(\w+)".*?<strong>(\d+)</strong>', page.html)}


def test_the_wall_counts_what_is_open_yellow_and_red(hall: Office) -> None:
    page = Browser(hall).open("/wall")
    assert totals(page) == {"all": 2, "yellow": 0, "red": 0}
    assert "宝民社区" in page.words and "尚未分拨" in page.words and "未写明社区" in page.words
    assert 'data-live="/wall/figures 3"' in page.html


def test_every_number_opens_its_list(hall: Office) -> None:
    centre = Browser(hall)
    figures = centre.open("/wall/figures")
    opened = {
        address: len(numbers(centre.open(address.replace("&amp;", "&"))))
        for address in re.findall(r'href="(/desk\?[^"]+)"', figures.html)
    }
    shown = re.findall(r'href="(/desk\?[^"]+)"[^>]*>(?:<span>.*?</span> <strong>)?(\d+)<', figures.html, re.S)
    assert len(shown) >= 5 and all(opened[address] == int(number) for address, number in shown)


def test_a_unit_sees_its_own_and_others_nothing(hall: Office) -> None:
    own = Browser(hall, "unit", "C01").open("/wall")
    assert totals(own)["all"] == 1 and "宝民社区：未办结诉求" in own.words
    assert totals(Browser(hall, "unit", "C07").open("/wall"))["all"] == 0
    assert hall.client.get("/wall").status_code == 307
