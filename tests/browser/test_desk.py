"""Officers at the desk: by keyboard alone, many at once, on every screen, without a script."""

from itertools import count

import pytest
from playwright.sync_api import Page, expect

from deploy.demo.door import Door
from deploy.system.testbed import SystemUnderTest
from tests.browser.conftest import DESK, PHONE, Open, sound

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}}
SHARED = True
STALLS = "餐馆油烟扰民，占道经营也没人管。"  # two units could lead: waits for the centre
_TURN = count(1)


@pytest.fixture
def letter(system: SystemUnderTest) -> str:
    """The number of a letter that waits for the centre with a suggestion."""
    return write(system)


def write(system: SystemUnderTest) -> str:
    """A resident's letter; its number."""
    body = {
        "kind": "complaint", "description": f"{STALLS}第{next(_TURN)}次来信。", "identity": "anonymous",
        "community": "C01", "place": "灵芝地铁站",
    }  # fmt: skip
    answer = Door(system.url).post("/api/intake/v1/cases", body)
    assert answer.ok, answer.data
    return str(answer.data["number"])


def until_there(page: Page, number: str) -> None:
    """Opens the desk again until the case has come through intake and triage."""
    row = page.locator(f"#row-{number}")
    for _ in range(60):
        page.goto("/desk")
        if row.count():
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"{number} never reached the desk")


def test_the_centre_sends_a_case_by_keyboard_alone(as_officer: Open, letter: str) -> None:
    page = as_officer("/desk", "centre", "CENTRE")
    until_there(page, letter)
    sound(page)
    page.keyboard.press("j")
    for _ in range(50):
        if page.evaluate("document.activeElement.id") == f"row-{letter}":
            break
        page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator(f"#row-{letter} input[type=checkbox]")).to_be_checked()
    page.keyboard.press("c")
    expect(page.get_by_role("status")).to_contain_text(f"{letter} 已分拨给")
    expect(page.locator(f"#row-{letter}")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.insert_text(letter)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/cases/{letter}")
    sound(page)


def test_many_are_sent_with_one_confirmation_and_each_result_is_told(as_officer: Open, letter: str) -> None:
    page = as_officer("/desk", "centre", "CENTRE")
    until_there(page, letter)
    page.locator(f"#row-{letter} input[type=checkbox]").check()
    page.on("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("b")
    expect(page.locator("li.said")).to_contain_text(f"{letter} 已分拨给")
    sound(page)


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
def test_desk_case_and_wall_are_sound_on_every_screen(as_officer: Open, letter: str, device: dict) -> None:  # type: ignore[type-arg]
    page = as_officer("/desk", "centre", "CENTRE", device)
    until_there(page, letter)
    for address in ("/desk", "/desk?tab=all", f"/desk/cases/{letter}", "/wall"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        sound(page)


def test_without_a_script_a_case_is_sent_all_the_same(visit: Open, as_officer: Open, letter: str) -> None:
    until_there(as_officer("/desk", "centre", "CENTRE"), letter)
    page = as_officer("/desk", "centre", "CENTRE", {**DESK, "java_script_enabled": False})
    page.locator(f"#row-{letter}").get_by_role("button", name="按建议分拨").click()
    expect(page.get_by_role("status")).to_contain_text(f"{letter} 已分拨给")
