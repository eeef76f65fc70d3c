"""Several people at once: two officers on one case, a leader and a unit over a warning letter, everybody and the wall."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from deploy.system.testbed import SystemUnderTest
from tests.browser.conftest import Open, Watch, sound
from tests.browser.test_story import appears
from tests.support.driver import People

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}}
WORDS = "有一堆东西挡着路，不知道归谁管，请帮忙看看。"


@pytest.fixture(scope="module")
def people(system: SystemUnderTest) -> Iterator[People]:
    here = People(system)
    yield here
    here.close()


def test_the_slower_of_two_officers_sees_what_happened_and_keeps_what_was_typed(
    as_officer: Open, people: People, watch: Watch
) -> None:
    watch.forgiven.append("412")
    number = people.submit(description=WORDS).number
    case = f"/desk/cases/{number}"
    first, second = (as_officer("/desk", "centre", "CENTRE") for _ in range(2))
    for page in (first, second):
        appears(page, case, "text=主办单位")
        page.get_by_label("主办单位").fill("C02" if page is first else "C03")
        page.get_by_label("简单（24 小时办结）").check()
    first.get_by_role("button", name="分拨", exact=True).click()
    expect(first.get_by_role("main")).to_contain_text("已分拨")
    second.get_by_role("button", name="分拨", exact=True).click()
    expect(second.get_by_role("main")).to_contain_text("别人已经办理")
    expect(second.get_by_role("main")).to_contain_text("C03")
    sound(second)


def test_the_wall_shows_a_new_letter_within_five_seconds(as_officer: Open, people: People) -> None:
    wall = as_officer("/wall", "leader")
    sound(wall)
    figure = wall.locator("#total-all strong")
    before = int(figure.inner_text())
    people.submit(description=WORDS)
    expect(figure).to_have_text(str(before + 1), timeout=5_000)


def test_a_letter_is_signed_seen_and_acknowledged(as_officer: Open, people: People) -> None:
    number = people.submit(description=WORDS).number
    people.wait_for("dispatch", "case.triaged", number)
    people.dispatch(number, "C02")
    people.wait_for("sla", "clock.started", number, kind="close")
    people.be_ahead(timedelta(hours=25))
    people.wait_for("notify", "letter.proposed", number)
    leader = as_officer("/letters", "leader")
    appears(leader, "/letters", f"text={number}")
    sound(leader)
    leader.get_by_role("link", name=re.compile(number)).first.click()
    sound(leader)
    leader.once("dialog", lambda dialog: dialog.accept())
    leader.get_by_role("button", name=re.compile("签发")).first.click()
    expect(leader.get_by_role("main")).to_contain_text("号")
    unit = as_officer("/letters", "unit", "C02")
    appears(unit, "/letters", f"text={number}")
    unit.get_by_role("link", name=re.compile(number)).first.click()
    expect(unit.get_by_role("button", name=re.compile("签收"))).to_be_visible(timeout=60_000)
    unit.get_by_role("button", name=re.compile("签收")).click()
    expect(unit.get_by_role("main")).to_contain_text("已签收")
