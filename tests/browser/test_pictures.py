"""The README's pictures are made here: RECORD=1 writes docs/pictures/ again, otherwise they are taken and thrown away."""

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from deploy.machine.folder import ROOT
from deploy.system.testbed import SystemUnderTest
from tests.browser.conftest import Open
from tests.browser.test_letter import fill, send
from tests.browser.test_story import appears
from tests.support.driver import People

pytestmark = pytest.mark.timeout(300)
SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}}
PICTURES = ROOT / "docs" / "pictures"
SMALL_PHONE = {"viewport": {"width": 360, "height": 700}, "is_mobile": True, "has_touch": True}
SMALL_DESK = {"viewport": {"width": 1100, "height": 700}}
LETTERS = (
    ("C02", "小区门口夜间烧烤摊油烟很大，窗户都不敢开。", timedelta(0)),
    ("C01", "楼道里堆满了旧家具和纸箱，消防通道被挡住了。", timedelta(hours=19)),
    ("C05", "公园的路灯坏了三盏，晚上散步看不清路。", timedelta(0)),
    ("C07", "有一堆建筑垃圾放在路边半个月，不知道归谁管。", timedelta(0)),
)


@pytest.fixture(scope="module")
def people(system: SystemUnderTest) -> Iterator[People]:
    here = People(system)
    yield here
    here.close()


@pytest.fixture
def shoot(tmp_path: Path):  # type: ignore[no-untyped-def]
    def take(page: Page, name: str) -> None:
        folder = PICTURES if os.environ.get("RECORD") else tmp_path
        folder.mkdir(exist_ok=True)
        page.screenshot(path=folder / f"{name}.png", animations="disabled")
        assert (folder / f"{name}.png").stat().st_size > 5_000

    return take


@pytest.mark.long
def test_the_pictures_of_the_readme(visit: Open, as_officer: Open, people: People, shoot) -> None:  # type: ignore[no-untyped-def]
    for community, words, earlier in LETTERS:
        number = people.submit(description=words, community=community, place="").number
        people.wait_for("dispatch", "case.triaged", number)
        if earlier:
            people.wait_for("sla", "clock.started", number, kind="close")
            people.be_ahead(earlier)
            people.wait_for("sla", "case.marked", number, mark="yellow")
    resident = visit("/", SMALL_PHONE)
    fill(resident)
    resident.evaluate("scrollTo(0, 0)")
    shoot(resident, "letter")
    send(resident)
    appears(resident, "/progress", "text=承诺办结")
    shoot(resident, "progress")
    desk = as_officer("/desk", "centre", "CENTRE", device=SMALL_DESK)
    shoot(desk, "desk")
    desk.locator("[data-row] a").first.click()
    desk.wait_for_url("**/desk/cases/*")
    shoot(desk, "case")
    shoot(as_officer("/wall", "leader", device=SMALL_DESK), "wall")


def test_every_picture_of_a_readme_is_there() -> None:
    for readme in ("README.md", "README.zh-CN.md"):
        text = (ROOT / readme).read_text(encoding="utf-8")
        named = re.findall(r"docs/pictures/([a-z]+\.png)", text)
        assert named
        assert all((PICTURES / name).is_file() for name in named)
