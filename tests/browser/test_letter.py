"""A resident with a telephone: writes, gets a receipt, follows the case; with a script and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, Open, sound

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}}
SHARED = True
WORDS = "灵芝地铁站A出口电动车乱停乱放，行人没法走。"


def fill(page: Page, words: str = WORDS) -> None:
    page.get_by_label("求助：有困难需要解决").check()
    page.get_by_label("请说明问题").fill(words)
    page.get_by_label("地点").fill("灵芝地铁站A出口")
    page.get_by_label("所在社区").select_option(label="宝民社区")
    page.get_by_role("textbox", name="姓名").fill("张三")
    page.get_by_label("手机号码").fill("13800000001")


def send(page: Page) -> str:
    """Submits and returns the number."""
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/sent")
    found = re.search(r"XA\d{14}", page.inner_text("main"))
    assert found
    return found.group()


def test_a_letter_is_written_on_a_telephone_and_its_progress_followed(visit: Open) -> None:
    page = visit("/")
    fill(page)
    number = send(page)
    sound(page)
    page.get_by_role("link", name="查看进展").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    sound(page)


def test_a_letter_is_written_without_a_script(visit: Open) -> None:
    page = visit("/", java_script_enabled=False)
    fill(page)
    assert send(page)


def test_a_letter_is_written_by_keyboard_alone(visit: Open) -> None:
    page = visit("/", DESK)
    page.get_by_label("求助：有困难需要解决").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(WORDS)
    for _ in range(20):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        typed = {"name": "张三", "mobile": "13800000001"}.get(focused)
        if typed:
            page.keyboard.insert_text(typed)
        if focused == "提交":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/sent")


def test_what_is_wrong_is_said_beside_the_field_and_what_was_typed_stays(visit: Open, watch) -> None:  # type: ignore[no-untyped-def]
    watch.forgiven.append("422")
    page = visit("/")
    fill(page)
    page.get_by_label("手机号码").fill("123")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_label("手机号码")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("请说明问题")).to_have_value(WORDS)
    sound(page)


def test_a_draft_outlives_the_page_without_name_and_telephone(visit: Open) -> None:
    page = visit("/")
    fill(page)
    page.goto("/progress")
    page.goto("/")
    expect(page.get_by_label("请说明问题")).to_have_value(WORDS)
    expect(page.get_by_role("textbox", name="姓名")).to_have_value("")
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "13800000001" not in kept
    assert "张三" not in kept


def test_dangerous_words_show_the_emergency_numbers_at_once(visit: Open) -> None:
    page = visit("/")
    expect(page.locator("[data-emergency]")).to_be_hidden()
    page.get_by_label("请说明问题").fill("楼下着火了")
    expect(page.locator("[data-emergency]")).to_be_visible()


def test_large_type_stays_on_the_next_page(visit: Open) -> None:
    page = visit("/")
    page.get_by_role("link", name="大字版").click()
    page.goto("/progress")
    expect(page.locator("html")).to_have_class("elder")
    sound(page)


def test_a_double_tap_makes_one_case(visit: Open) -> None:
    page = visit("/")
    fill(page)
    page.get_by_role("button", name="提交").dblclick(no_wait_after=True)
    page.wait_for_url("**/sent")
    first = re.search(r"XA\d{14}", page.inner_text("main"))
    page.goto("/sent")
    again = re.search(r"XA\d{14}", page.inner_text("main"))
    assert first and again and first.group() == again.group()
