"""An old telephone on a slow network."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open

pytestmark = [pytest.mark.long, pytest.mark.timeout(120)]
SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}}
SHARED = True
# What browsers call "slow 3G": 400 kbit/s each way, 400 ms there and back.
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
OLD_TELEPHONE = {"rate": 4}  # a processor a quarter as fast
USABLE_WITHIN = 3.0  # seconds, design section 7


@pytest.mark.parametrize("path", ["/", "/progress"])
def test_a_residents_page_is_usable_within_three_seconds_on_slow_3g(visit: Open, path: str) -> None:
    page = visit("/about")
    slow(page)
    page.goto(path, wait_until="load")  # style and scripts are there as well
    page.get_by_role("textbox").first.fill("可以写了")
    seconds = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd / 1000")
    assert 0 < seconds <= USABLE_WITHIN


def slow(page: Page) -> None:
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.send("Network.emulateNetworkConditions", SLOW_3G)
    wire.send("Emulation.setCPUThrottlingRate", OLD_TELEPHONE)
