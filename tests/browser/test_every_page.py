"""What holds on every page: accessible, no sideways scrolling, nothing from elsewhere, small, usable without script."""

import re

import pytest

from tests.browser.conftest import DESK, PHONE, log_in, sound

SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}}
SHARED = True
FOR_ANYBODY = ("/", "/login", "/directory", "/progress")
DEVICES = {"phone": PHONE, "desk": DESK}
SMALL = 100 << 10
"""Bytes of a resident's first load."""


@pytest.mark.parametrize("device", DEVICES.values(), ids=DEVICES)
@pytest.mark.parametrize("address", FOR_ANYBODY)
def test_a_page_for_anybody_is_sound(visit, address, device):
    sound(visit(address, device))


@pytest.mark.parametrize("address", FOR_ANYBODY)
def test_the_larger_type_fits_a_telephone_too(visit, address):
    page = visit(address)
    page.get_by_role("link", name="大字版").click()
    assert page.locator("html.elder").count() == 1
    page.reload()
    assert page.locator("html.elder").count() == 1
    sound(page)


def test_twice_the_size_loses_nothing_and_does_not_scroll_sideways(visit):
    # 200 % zoom of a 720 px window is 360 CSS pixels at twice the scale.
    sound(visit("/", {"viewport": {"width": 360, "height": 400}, "device_scale_factor": 2}))


@pytest.mark.parametrize(
    ("role", "unit"), [("centre", "CENTRE"), ("unit", "C07"), ("leader", None), ("supervisor", None)]
)
def test_an_officers_menu_leads_to_sound_pages(visit, watch, role, unit):
    page = visit("/login?next=/account", DESK)
    log_in(page, role, unit)
    sound(page)
    addresses = page.locator("nav[aria-label=主菜单] a").evaluate_all("links => links.map(link => link.pathname)")
    assert "/desk" in addresses
    for address in addresses:
        answer = page.goto(address)
        assert answer and answer.status == 200, address
        for device in DEVICES.values():
            page.set_viewport_size(device["viewport"])
            sound(page)


def test_a_page_that_is_not_there_says_what_to_do_and_is_sound(visit, watch):
    watch.forgiven.append("404")
    page = visit("/nowhere/at/all")
    sound(page)
    assert page.get_by_role("link", name="回到首页").is_visible()


@pytest.mark.parametrize("address", FOR_ANYBODY)
def test_a_page_carries_no_script_or_style_inside_and_its_policy_allows_none(visit, address):
    page = visit(address)
    answer = page.request.get(address)
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=", answer.text())
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_first_load_of_the_letter_is_small(visit):
    page = visit("/login")
    page.context.clear_cookies()
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto("/", wait_until="networkidle")
    assert 0 < sum(sizes) <= SMALL, sum(sizes)


def test_the_first_thing_a_keyboard_meets_leads_past_the_menu(visit):
    page = visit("/login", DESK)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
