"""An officer's way in, in a browser: by keyboard, by script or without, with a telephone as second factor."""

import re
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESK, log_in, sound

pytestmark = pytest.mark.long
SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}}
SHARED = True
PASSWORD = "Xinan-2026-street"


def arrive(page: Page, address: str) -> None:
    """Wait until the browser is at `address` and nowhere else."""
    page.wait_for_url(lambda url: url.endswith(address) and f"next={address}" not in url)


@pytest.fixture
def chen(system) -> Iterator[str]:
    """An account of the centre with an operator's password; gone afterwards, as others choose roles."""
    said = system.command(
        "dispatch", "accounts", "add", "chen", "--display", "陈主任", "--role", "centre", "--unit", "CENTRE"
    )
    yield re.search(r"the password is (\S+);", said)[1]
    system.command("dispatch", "accounts", "disable", "chen")


def test_a_role_is_chosen_by_keyboard_alone(visit):
    page = visit("/login?next=/account", DESK)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "role":
            break
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("角色").input_value() == "unit"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("单位").input_value()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    arrive(page, "/account")
    assert page.locator("dl.facts").get_by_text("承办单位").is_visible()


def test_without_a_script_too(visit):
    page = visit("/login?next=/account", DESK, java_script_enabled=False)
    log_in(page, "centre", "CENTRE")
    assert page.get_by_role("heading", level=1).inner_text() == "账户"


def test_a_form_whose_token_has_ended_goes_on_where_it_was(visit):
    page = visit("/login?next=/account", DESK)
    log_in(page, "leader")
    page.context.clear_cookies(name="lianxin_token")
    page.goto("/account")
    assert page.url.endswith("/account")
    page.context.clear_cookies(name="lianxin_token")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="在所有设备上退出").click()
    arrive(page, "/login?why=everywhere")
    assert page.get_by_text("您已在所有设备上退出").is_visible()


def test_who_says_no_to_the_question_stays(visit):
    page = visit("/login?next=/account", DESK)
    log_in(page, "leader")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="在所有设备上退出").click()
    assert page.url.endswith("/account")


def test_leaving_asks_for_the_login_again(visit):
    page = visit("/login?next=/account", DESK)
    log_in(page, "leader")
    page.get_by_role("button", name="退出", exact=True).click()
    arrive(page, "/login?why=left")
    page.goto("/account")
    assert "/login" in page.url


def test_the_first_login_sets_up_a_telephone_and_a_password_of_ones_own(visit, watch, chen):
    watch.forgiven.append("422")
    page = visit("/login?next=/account", DESK)
    assert page.get_by_text("选择一个身份").count() == 0
    page.get_by_label("用户名").fill("chen")
    page.get_by_label("密码").fill("wrong")
    page.get_by_role("button", name="登录").click()
    assert page.get_by_role("alert").is_visible()
    sound(page)
    page.get_by_label("密码").fill(chen)
    page.get_by_role("button", name="登录").click()
    arrive(page, "/login/telephone")
    sound(page)
    secret = page.locator("figcaption code").inner_text().replace(" ", "")
    page.get_by_label("六位数字").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="绑定").click()
    page.get_by_role("heading", name="请抄下备用码").wait_for()
    sound(page)
    page.get_by_role("link", name="继续").click()
    arrive(page, "/login/password")
    sound(page)
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再输入一次").fill(PASSWORD)
    page.get_by_role("button", name="保存").click()
    arrive(page, "/account")
    assert page.get_by_text("已绑定，剩余备用码 8 个").is_visible()
    sound(page)
