"""A resident with a weak network: photos and a video go up while the letter is written, and go on after a cut."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Open, Watch, sound
from tests.browser.test_letter import fill, send
from tests.support.pictures import grown, photo, video

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
SETTINGS = {"intake": {"ACCEPT_AUTOMATICALLY": "true"}}
SHARED = True
LONG = 60_000  # milliseconds in which the darkroom is done, on a busy machine


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film of three pieces."""
    path = tmp_path / "film.mp4"
    path.write_bytes(grown(video(tmp_path, "mp4"), 3_000_000))
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "IMG_1.heic"
    path.write_bytes(photo("HEIF"))
    return path


class Cut:
    """A network that lets through so many pieces and then is away."""

    def __init__(self, page: Page, pieces: int) -> None:
        self.left, self.offsets = pieces, list[str]()
        page.route("**/uploads/*", self._piece)

    def _piece(self, route: Route) -> None:
        if route.request.method != "PATCH":
            return route.continue_()
        if self.left <= 0:
            return route.abort("internetdisconnected")
        self.left -= 1
        self.offsets.append(route.request.headers["upload-offset"])
        return route.continue_()


def test_photos_and_a_video_come_with_a_letter(visit: Open, picture: Path, film: Path) -> None:
    page = visit("/")
    fill(page)
    page.locator("#photos").set_input_files(picture)
    page.locator("#video").set_input_files(film)
    # Two files, whichever of them is read aloud besides.
    taken = page.get_by_text("已传完，正在处理").or_(page.get_by_text("已收下"))
    expect(taken.nth(1)).to_be_attached(timeout=LONG)
    sound(page)
    send(page)
    page.goto("/progress")
    for _ in range(60):
        if page.locator("figure img").count() and page.locator("figure video").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    sound(page)
    natural = page.locator("figure img").first.evaluate(
        "async (image) => { await image.decode(); return image.naturalWidth; }"
    )
    assert natural > 0
    address = page.locator("figure video source").get_attribute("src")
    assert page.request.get(str(address), headers={"Range": "bytes=0-9"}).status == 206
    assert page.context.browser.new_context(base_url=page.url).request.get(str(address)).status == 404  # type: ignore[union-attr]


def test_an_upload_that_is_cut_goes_on_by_itself(visit: Open, watch: Watch, film: Path) -> None:
    watch.forgiven.append("ERR_INTERNET_DISCONNECTED")
    page = visit("/")
    network = Cut(page, 1)
    page.locator("#video").set_input_files(film)
    expect(page.get_by_text("film.mp4 网络中断，恢复后自动继续")).to_be_visible()
    network.left = 100
    expect(page.get_by_text("已传完").or_(page.get_by_text("已收下")).first).to_be_visible(timeout=LONG)
    assert network.offsets == ["0", "1048576", "2097152"]


def test_an_upload_goes_on_after_the_page_was_closed(visit: Open, watch: Watch, film: Path) -> None:
    watch.forgiven.append("ERR_INTERNET_DISCONNECTED")
    page = visit("/")
    network = Cut(page, 2)
    page.locator("#video").set_input_files(film)
    expect(page.get_by_text("film.mp4 网络中断，恢复后自动继续")).to_be_visible()
    page.reload()
    expect(page.get_by_text("film.mp4 没有传完，请重新选择同一个文件继续")).to_be_visible()
    network.left = 100
    page.locator("#video").set_input_files(film)
    expect(page.get_by_text("已传完").or_(page.get_by_text("已收下")).first).to_be_visible(timeout=LONG)
    assert network.offsets == ["0", "1048576", "2097152"]


def test_a_letter_waits_for_its_files_and_then_goes_by_itself(visit: Open, watch: Watch, film: Path) -> None:
    watch.forgiven.append("ERR_INTERNET_DISCONNECTED")
    page = visit("/")
    fill(page)
    network = Cut(page, 1)
    page.locator("#video").set_input_files(film)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("文件还在上传，传完后自动提交。")).to_be_visible()
    network.left = 100
    page.wait_for_url("**/sent", timeout=LONG)


def test_what_is_no_photo_is_told_and_can_be_removed(visit: Open, watch: Watch, tmp_path: Path) -> None:
    watch.forgiven.append("415")
    (tmp_path / "photo.jpg").write_bytes(b"PK\x03\x04" + bytes(200_000))
    page = visit("/")
    page.locator("#photos").set_input_files(tmp_path / "photo.jpg")
    expect(page.get_by_role("status")).to_contain_text("不是可以接收的照片或视频格式")
    page.get_by_role("button", name="移除photo.jpg").click()
    expect(page.get_by_text("photo.jpg 不是")).to_have_count(0)
    assert page.locator("input[name=media]").input_value() == ""
