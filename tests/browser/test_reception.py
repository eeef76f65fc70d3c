"""A printed code is scanned, the letter that comes of it is accepted by keyboard, and its resident goes on with it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Open, sound
from tests.browser.test_letter import fill, send

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
FIRE = "楼下正在着火，火很大，快来人。"


def code_made(page: Page, label: str) -> str:
    """Makes a code at the reception and returns the path it leads to."""
    page.goto("/reception/codes")
    page.get_by_label("名称").fill(label)
    page.get_by_role("combobox", name="社区").select_option(index=7)
    page.get_by_role("textbox", name="地点").fill("灵芝地铁站A出口")
    page.get_by_role("button", name="生成").click()
    expect(page.get_by_text("二维码已生成")).to_be_visible()
    page.goto("/reception/codes/sheet")
    found = re.search(r"(/q/\S+)", page.get_by_text("/q/").last.inner_text())
    assert found
    return found.group(1)


def test_a_scanned_code_fills_in_the_place_and_counts(visit: Open, as_officer: Open) -> None:
    desk = as_officer("/reception/codes", "centre", "CENTRE")
    path = code_made(desk, "A口立柱")
    for device in (DESK, PHONE):
        desk.set_viewport_size(device["viewport"])  # type: ignore[arg-type]
        sound(desk)
    phone = visit(path)
    sound(phone)
    expect(phone.get_by_role("textbox", name="地点")).to_have_value("灵芝地铁站A出口")
    fill(phone)
    send(phone)
    desk.goto("/reception/codes")
    row = desk.get_by_role("row", name="A口立柱")
    expect(row.locator("[data-label]")).to_have_text(["1", "1", "1"])
    sound(desk)
    row.get_by_role("button", name="停用").focus()
    desk.on("dialog", lambda dialog: dialog.accept())
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("二维码已停用")).to_be_visible()


def test_letters_are_accepted_by_keyboard_and_a_danger_is_opened_first(visit: Open, as_officer: Open) -> None:
    usual, fire = visit("/"), visit("/")
    fill(usual)
    first = send(usual)
    fill(fire, FIRE)
    expect(fire.locator("[data-emergency]")).to_be_visible()
    danger = send(fire)
    desk = as_officer("/reception", "centre", "CENTRE")
    sound(desk)
    desk.set_viewport_size(PHONE["viewport"])  # type: ignore[arg-type]
    sound(desk)
    desk.set_viewport_size(DESK["viewport"])  # type: ignore[arg-type]
    desk.keyboard.press("j")
    expect(desk.locator(":focus")).to_have_id(f"row-{danger}")
    desk.keyboard.press("a")
    expect(desk.locator(f"#row-{danger}")).to_be_visible()
    desk.locator(f"#row-{first}").focus()
    desk.keyboard.press("a")
    expect(desk.get_by_text(f"{first} 已受理")).to_be_visible()
    desk.locator(f"#row-{danger}").focus()
    desk.keyboard.press("o")
    expect(desk.get_by_role("heading", level=1)).to_contain_text(danger)
    sound(desk)
    desk.get_by_role("button", name="受理", exact=True).click()
    expect(desk.get_by_text(f"{danger} 已受理")).to_be_visible()


def test_a_resident_adds_and_takes_back(visit: Open) -> None:
    page = visit("/")
    fill(page)
    send(page)
    page.goto("/progress")
    sound(page)
    page.get_by_label("补充说明").fill("灯杆也歪了")
    page.get_by_role("button", name="提交补充").click()
    expect(page.get_by_text("已收到您的补充")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_text("撤回这件诉求").click()
    sound(page)
    page.get_by_role("button", name="确定撤回").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已撤回")
    sound(page)


def test_the_draft_is_forgotten_once_the_letter_is_sent(visit: Open) -> None:
    page = visit("/")
    fill(page)
    page.reload()
    expect(page.get_by_label("请说明问题")).not_to_have_value("")
    expect(page.get_by_role("textbox", name="姓名")).to_have_value("")
    page.get_by_role("textbox", name="姓名").fill("张三")
    page.get_by_label("手机号码").fill("13800000001")
    send(page)
    page.goto("/")
    expect(page.get_by_label("请说明问题")).to_have_value("")
