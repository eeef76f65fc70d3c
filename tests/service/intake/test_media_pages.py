"""Who sees a photo, and how it is handed out."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from chassis import pages
from services.intake import store
from services.intake.domain.media import Kind, Stage
from services.intake.domain.progress import Progress, apply_dispatch_event
from services.intake.media.commands import case_files
from services.intake.media.context import UploadHandle
from services.intake.pages import visit
from services.intake.pages.media_access import files_for_resident
from tests.service.intake.album import Album
from tests.service.intake.conftest import LETTER, Street
from tests.support.pictures import photo, video

Make = Callable[..., Street]


def handled(here: Street, number: str, state: str = "handling", unit: str = "C07", **view: Any) -> None:
    """Dispatch has told this about the case."""
    told = apply_dispatch_event(Progress(), "case.dispatched", {"state": state, "unit": unit, **view})
    with here.database.transaction() as tx:
        store.progress(tx, [number])
        store.save_progress(tx, {number: told})


def as_officer(here: Street, role: str, unit: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {here.issuer.token('officer-2', role, unit=unit)}"}


def as_resident(here: Street, number: str) -> None:
    with here.client.application.test_request_context():
        here.client.set_cookie(visit.COOKIE, pages.sign(visit.PURPOSE, number))


@pytest.fixture
def album(street: Make) -> Album:
    return Album(street())


@pytest.fixture
def shown(album: Album) -> tuple[str, UploadHandle]:
    """A case with one photo of its letter, ready."""
    number = album.here.post().json["number"]
    handle = album.send(photo())
    album.bound(number, handle)
    album.develop()
    return number, handle


def get(album: Album, handle: UploadHandle, name: str = "large", **headers: str) -> TestResponse:
    return album.here.client.get(f"/media/{handle.id}/{name}", headers=headers)


def test_a_file_is_open_to_nobody_by_its_address_alone(album: Album, shown: tuple[str, UploadHandle]) -> None:
    number, handle = shown
    other = album.here.post().json["number"]
    assert get(album, handle).status_code == 404
    assert get(album, handle, Upload_Token=handle.token).status_code == 404
    as_resident(album.here, other)
    assert get(album, handle).status_code == 404
    album.here.client.set_cookie(visit.COOKIE, number)
    assert get(album, handle).status_code == 404
    as_resident(album.here, number)
    assert get(album, handle).status_code == 200


def test_officers_see_what_dispatch_lets_them_see(album: Album, shown: tuple[str, UploadHandle]) -> None:
    number, handle = shown
    here = album.here

    def seen(role: str, unit: str | None = None) -> bool:
        answers = [
            get(album, handle, **as_officer(here, role, unit)),
            here.client.get(f"/media/cases/{number}", headers=as_officer(here, role, unit)),
            here.client.get(f"/api/intake/v1/cases/{number}/media", headers=as_officer(here, role, unit)),
        ]
        codes = {each.status_code for each in answers}
        assert codes in ({200}, {404})
        return codes == {200}

    assert seen("centre") and not seen("unit", "C07")
    handled(here, number, helpers=["C08"])
    assert seen("unit", "C07") and seen("unit", "C08") and not seen("unit", "C09")
    handled(here, number, helpers=["C08"], restricted=True)
    assert not seen("unit", "C08")
    handled(here, number, scopes=["leader", "supervisor", "unit:C08"])
    assert seen("leader") and seen("unit", "C08") and not seen("centre") and not seen("unit", "C07")


def test_a_file_is_handed_out_as_what_it_is_and_nothing_else(album: Album, shown: tuple[str, UploadHandle]) -> None:
    number, handle = shown
    as_resident(album.here, number)
    for name, type_ in (("thumb", "image/webp"), ("large", "image/webp"), ("file", "image/jpeg")):
        answer = get(album, handle, name)
        assert answer.content_type == type_ and answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"].startswith("private")
        assert answer.headers["Content-Disposition"].startswith("inline; filename=")
        assert int(answer.headers["Content-Length"]) == len(answer.data) > 100
    kept = get(album, handle, **{"If-None-Match": get(album, handle).headers["ETag"]})
    assert kept.status_code == 304 and not kept.data
    assert album.here.client.head(f"/media/{handle.id}/file").headers["Content-Length"]
    for name in ("source", "../file", "", "thumb.webp"):
        assert get(album, handle, name).status_code == 404


def test_a_video_is_handed_out_in_parts(album: Album, tmp_path: Path) -> None:
    number = album.here.post().json["number"]
    handle = album.send(video(tmp_path, "mp4"), "video")
    album.bound(number, handle)
    album.develop(Kind.VIDEO)
    as_resident(album.here, number)
    whole = get(album, handle, "file")
    assert whole.content_type == "video/mp4" and whole.headers["Accept-Ranges"] == "bytes"
    size = len(whole.data)
    for asked, part in (("bytes=0-99", (0, 100)), ("bytes=100-", (100, size)), ("bytes=-50", (size - 50, size))):
        answer = get(album, handle, "file", Range=asked)
        assert answer.status_code == 206 and answer.data == whole.data[slice(*part)]
        assert answer.headers["Content-Range"] == f"bytes {part[0]}-{part[1] - 1}/{size}"
    assert get(album, handle, "file", Range=f"bytes={size}-").status_code == 416
    assert get(album, handle, "file", Range="bytes=0-1,3-4").status_code == 200
    assert get(album, handle, "file", Range="lines=1").status_code == 200
    assert get(album, handle, "thumb").content_type == "image/webp"


def test_the_fragment_says_what_is_to_be_seen_and_what_is_not_yet(
    album: Album, shown: tuple[str, UploadHandle]
) -> None:
    number, handle = shown
    waiting = album.send(photo())
    album.bound(number, waiting, stage=Stage.SUPPLEMENT)
    page = album.here.client.get(f"/media/cases/{number}", headers=as_officer(album.here, "centre")).text
    assert f'src="/media/{handle.id}/thumb" alt="诉求人上传的照片1"' in page
    assert "诉求人上传的照片2：正在处理" in page and f"/media/{waiting.id}/thumb" not in page
    assert page.strip().startswith("<section")
    items = album.here.client.get(
        f"/api/intake/v1/cases/{number}/media", headers=as_officer(album.here, "centre")
    ).json["items"]
    assert [(each["state"], each["stage"]) for each in items] == [("ready", "letter"), ("checking", "supplement")]


def test_photos_of_the_unit_are_the_residents_once_the_case_is_answered(
    album: Album, shown: tuple[str, UploadHandle]
) -> None:
    number, _ = shown
    after = album.send(photo("PNG"))
    album.bound(number, after, stage=Stage.WORK, unit="C07")
    album.develop()
    as_resident(album.here, number)
    for state, status in (("handling", 404), ("replied", 200), ("closed", 200)):
        handled(album.here, number, state)
        assert get(album, after).status_code == status
        with album.here.database.transaction() as tx:
            assert len(files_for_resident(tx, number)) == (2 if status == 200 else 1)


def test_a_unit_adds_photos_without_a_script(album: Album, shown: tuple[str, UploadHandle]) -> None:
    number, _ = shown
    here, officer = album.here, as_officer(album.here, "unit", "C07")
    address = f"/media/cases/{number}/add"
    assert here.client.get(address, headers=officer).status_code == 404
    handled(here, number)
    form = here.client.get(address, headers=officer)
    assert form.status_code == 200 and "/static/intake/upload." in form.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form.text))
    sent = hidden | {"photos": [(BytesIO(photo()), "after.jpg"), (BytesIO(photo("PNG")), "after.png")]}
    answers = [here.client.post(address, data=dict(sent), headers=officer, content_type="multipart/form-data")]
    assert answers[0].status_code == 303 and answers[0].headers["Location"] == f"/desk/cases/{number}"
    bad = hidden | {"idempotency_key": "other", "photos": (BytesIO(b"PK\x03\x04" + bytes(100)), "after.jpg")}
    refused = here.client.post(address, data=bad, headers=officer, content_type="multipart/form-data")
    assert refused.status_code == 422 and "格式" in refused.text
    assert here.client.post(address, data={"photos": (BytesIO(photo()), "a.jpg")}, headers=officer).status_code == 403
    with here.database.transaction() as tx:
        files, _ = case_files.of_case(tx, number)
    assert [(each.stage, each.unit) for each in files[1:]] == [(Stage.WORK, "C07")] * 2


@pytest.mark.parametrize(("state", "unit"), [("closed", "C07"), ("handling", "C09")])
def test_nobody_adds_to_a_closed_case_or_to_anothers(
    album: Album, shown: tuple[str, UploadHandle], state: str, unit: str
) -> None:
    handled(album.here, shown[0], state)
    officer = as_officer(album.here, "unit", unit)
    assert album.here.client.get(f"/media/cases/{shown[0]}/add", headers=officer).status_code == 404


def test_the_anonymous_are_sent_to_the_login_and_see_no_list(album: Album, shown: tuple[str, UploadHandle]) -> None:
    as_resident(album.here, shown[0])
    assert album.here.client.get(f"/media/cases/{shown[0]}").status_code in (303, 307)
    assert album.here.client.get(f"/api/intake/v1/cases/{shown[0]}/media").status_code == 401


def letter_form(album: Album, **typed: Any) -> TestResponse:
    """A letter posted as a browser without a script does it."""
    client = album.here.client
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', client.get("/").text))
    letter = {name: value for name, value in LETTER.items() if value}
    return client.post("/", data=letter | hidden | typed, content_type="multipart/form-data")


def test_a_letter_without_a_script_brings_its_files_along(album: Album, tmp_path: Path) -> None:
    film = (BytesIO(video(tmp_path)), "film.mov")
    sent = letter_form(album, photos=[(BytesIO(photo()), "1.jpg"), (BytesIO(photo("HEIF")), "2.heic")], video=film)
    assert sent.status_code == 303 and sent.headers["Location"] == "/sent"
    album.develop()
    album.develop(Kind.VIDEO)
    page = album.here.client.get("/progress").text
    assert page.count("<img ") == 2 and page.count("<video ") == 1
    address = re.findall(r'src="(/media/[^"]+)"', page)[0]
    assert album.here.client.get(address).status_code == 200


def test_a_letter_keeps_what_was_typed_and_what_was_sent_when_something_is_wrong(album: Album) -> None:
    bad = letter_form(album, photos=(BytesIO(b"PK\x03\x04" + bytes(100)), "1.jpg"))
    assert bad.status_code == 422 and "格式" in bad.text and LETTER["description"] in bad.text
    short = letter_form(album, photos=(BytesIO(photo()), "1.jpg"), mobile="1")
    assert short.status_code == 422 and "已收到1个文件" in short.text
    (kept,) = re.findall(r'name="media" value="([^"]+)"', short.text)
    assert letter_form(album, media=kept).status_code == 303
    assert "诉求人上传的照片1：正在处理" in album.here.client.get("/progress").text
    assert letter_form(album, media=kept.split(".")[0] + "." + "x" * 32).status_code == 422
