"""A browser before the running system: a telephone, a desk, and what every visited page has to keep."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from deploy.system.testbed import SystemUnderTest

FLAGS = (
    "--no-sandbox",  # the suite may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
DESK = {"viewport": {"width": 1440, "height": 900}}
PATIENCE = 15_000  # milliseconds until an awaited fact counts as missing
SERIOUS = ("serious", "critical")

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, started once."""
    program = shutil.which("chromium")
    assert program, "Chromium is missing; `make setup` installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


class Watch:
    """What a page must never do: throw, log an error, or load what its policy forbids."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.forgiven: list[str] = []

    def over(self, page: Page) -> None:
        """Listen from now on."""
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._said(page, message))

    def _said(self, page: Page, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(each in message.text for each in self.forgiven):
            self.complaints.append(f"{page.url}: {message.text}")


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Judges at the end of the test; `watch.forgiven` names the errors a test provokes."""
    here = Watch()
    yield here
    assert not here.complaints, here.complaints


@pytest.fixture
def visit(chromium: Browser, system: SystemUnderTest, watch: Watch) -> Iterator[Open]:
    """`visit("/desk", DESK)` opens a page in a browser of its own, where nobody has been before."""
    contexts: list[BrowserContext] = []

    def open_page(path: str, device: dict[str, Any] = PHONE, **more: Any) -> Page:
        context = chromium.new_context(
            base_url=system.url, locale="zh-CN", timezone_id="Asia/Shanghai", **device, **more
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watch.over(page)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def as_officer(visit: Open, system: SystemUnderTest) -> Open:
    """`as_officer("/desk", "centre", "CENTRE")`: a page of somebody who is logged in by the chooser of roles."""

    def open_page(path: str, role: str, unit: str | None = None, device: dict[str, Any] = DESK) -> Page:
        page = visit("/login", device)
        log_in(page, role, unit)
        page.goto(path)
        return page

    return open_page


def log_in(page: Page, role: str, unit: str | None = None) -> None:
    """Choose a role where the profile offers the choice."""
    page.get_by_label("角色").select_option(role)
    if unit:
        page.get_by_label("单位").select_option(unit)
    page.get_by_role("button", name="进入").click()
    page.wait_for_url(lambda url: "/login" not in url)


def sound(page: Page) -> None:
    """Nothing serious by the rules of WCAG 2.2 AA, one heading, no scrolling sideways."""
    found = [each for each in Axe().run(page).response["violations"] if each["impact"] in SERIOUS]
    assert not found, [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found]
    assert page.locator("h1").count() == 1
    width, shown = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width <= shown, f"{page.url} is {width} px wide where {shown} are shown"
