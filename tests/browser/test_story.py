"""The article's story, played in a browser: the metro exit, from the letter with photo and video to the rating."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from deploy.system.environment import DEMO_UNITS as UNITS
from tests.browser.conftest import PHONE, Open, sound

pytestmark = pytest.mark.timeout(300)
# Without the rule that dispatches by itself nobody needs the desk; without the one that accepts, the story is longer.
SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}}
SHARED = True
WORDS = "灵芝地铁站A出口有一堆东西挡着路，不知道归谁管，大家都走不过去，请帮忙看看。"
REPLY = "已会同地铁公司清理A出口的人行通道，划了停车线，并安排每日巡查。还有问题请拨打社区电话。"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo as a telephone takes it, with a place in its metadata."""
    image = Image.new("RGB", (1600, 1200), "#7c8a94")
    ImageDraw.Draw(image).rectangle((400, 300, 1200, 1000), fill="#b5451f")
    exif = Image.Exif()
    exif[0x0132] = "2026:11:24 08:30:00"
    image.save(tmp_path / "出口.jpg", exif=exif)
    return tmp_path / "出口.jpg"


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Two seconds of film."""
    film = tmp_path / "出口.mp4"
    made = ["-f", "lavfi", "-i", "testsrc=duration=2:size=320x240:rate=10", "-pix_fmt", "yuv420p", str(film)]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *made], check=True, timeout=60)
    return film


def write(page: Page, *files: Path) -> str:
    """Writes the letter with its files and returns the number."""
    page.get_by_label("求助：有困难需要解决").check()
    page.get_by_label("请说明问题").fill(WORDS)
    page.get_by_label("地点").first.fill("灵芝地铁站A出口")
    page.get_by_label("所在社区").select_option(label="灵芝园社区")
    page.get_by_label("照片（选填）").set_input_files(files[0])
    page.get_by_label("视频（选填）").set_input_files(files[1])
    page.get_by_role("textbox", name="姓名").fill("张三")
    page.get_by_label("手机号码").fill("13800000001")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/sent", timeout=60_000)
    found = re.search(r"XA\d{14}", page.inner_text("main"))
    assert found
    return found.group()


def appears(page: Page, address: str, selector: str) -> None:
    """Opens `address` until what is awaited is there: what one part commits, another shows a moment later."""
    for _ in range(40):
        page.goto(address)
        if page.locator(selector).count():
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"{selector} never appeared at {address}")


def test_the_metro_exit_from_the_letter_to_the_rating(visit: Open, as_officer: Open, photo: Path, video: Path) -> None:
    resident = visit("/", PHONE)
    number = write(resident, photo, video)
    sound(resident)

    centre = as_officer("/desk", "centre", "CENTRE")
    row = f"#row-{number}"
    appears(centre, "/desk", row)
    sound(centre)
    assert_sent(centre, number)
    case = f"/desk/cases/{number}"

    appears(centre, case, "text=已分拨，待签收")
    name = unit_of(centre)
    unit = as_officer(case, "unit", name)
    unit.get_by_role("button", name="签收").click()
    expect(unit.get_by_role("heading", name="先行联系")).to_be_visible()
    sound(unit)
    unit.get_by_label("告知诉求人的办理流程").fill("今天到现场查看，协调地铁公司，明天答复您。")
    unit.get_by_label("电话").check()
    unit.get_by_role("button", name="已联系，开始办理").click()
    appears(unit, f"/media/cases/{number}/add", "#photos")
    unit.locator("#photos").set_input_files(photo)
    unit.get_by_role("button", name="添加", exact=True).click()
    unit.wait_for_url(f"**{case}*", timeout=60_000)
    unit.get_by_label("答复内容").fill(REPLY)
    unit.get_by_role("button", name="提交答复").click()

    appears(centre, case, "text=审核通过")
    centre.get_by_label("已解决").check()
    centre.get_by_role("button", name="审核通过，办结").click()
    expect(centre.get_by_role("main")).to_contain_text("已办结")

    appears(resident, "/progress", "text=请您评价")
    expect(resident.get_by_role("main")).to_contain_text(REPLY)
    sound(resident)
    resident.get_by_label("非常满意").check()
    resident.get_by_role("button", name="提交评价").click()
    expect(resident.get_by_role("main")).to_contain_text("您的评价：非常满意")

    appears(resident, "/progress", "img[src*='/media/']")
    appears(resident, "/progress", "video")
    appears(resident, "/progress", "figcaption:has-text('办理')")
    appears(centre, f"/media/cases/{number}", "img[src*='/media/']")
    sound(resident)


def assert_sent(page: Page, number: str) -> None:
    """Sends the case on by keyboard: by its suggestion if triage has one, else by the form."""
    row = page.locator(f"#row-{number}")
    row.focus()
    if row.locator("button[name=one]").count():
        with page.expect_navigation():
            page.keyboard.press("c")
        return
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/cases/{number}")
    page.get_by_label("主办单位").fill("C02")
    page.get_by_label("简单（24 小时办结）").check()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def unit_of(page: Page) -> str:
    """The code of the unit the case was sent to."""
    units = json.loads(UNITS.read_text(encoding="utf-8"))["units"]
    name = page.locator("dt:text-is('主办') + dd").inner_text()
    return str(next(unit["code"] for unit in units if unit["name"] == name))
