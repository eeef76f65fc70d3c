"""What came in is developed: a picture written anew, upright, and nothing that is not picture."""

import io
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from services.intake.domain.media import Capture, Kind, Reason, State
from services.intake.domain.media_keys import rendition_key
from services.intake.media import processing
from services.intake.media.commands import retention
from services.intake.media.context import UploadHandle
from services.intake.media.processing import Processor
from services.intake.media.store import processing as processing_store
from tests.service.intake.album import Album
from tests.service.intake.conftest import Street
from tests.support.clock import move_clock
from tests.support.pictures import LATITUDE, LONGITUDE, SECRET, photo, video

Make = Callable[..., Street]
PLACE = Capture(datetime(2026, 11, 24, 0, 0, tzinfo=UTC), LATITUDE, LONGITUDE)


@pytest.fixture
def album(street: Make) -> Album:
    return Album(street(clock_offset="true"))


def rendition(album: Album, handle: UploadHandle, name: str, kind: Kind = Kind.PHOTO) -> bytes:
    return album.whole(rendition_key(handle.id, kind, name))


def probed(body: bytes, folder: Path) -> dict[str, object]:
    (folder / "probed").write_bytes(body)
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(folder / "probed")]
    found: dict[str, object] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_every_photo_becomes_a_jpeg_and_two_small_pictures(album: Album, kind: str) -> None:
    handle = album.send(photo(kind))
    album.develop()
    media = album.media(handle)
    assert media.state is State.READY
    sides = {}
    for name, format_ in (("file", "JPEG"), ("large", "WEBP"), ("thumb", "WEBP")):
        body = rendition(album, handle, name)
        with Image.open(io.BytesIO(body)) as image:
            image.load()
            sides[name] = max(image.size)
            assert image.format == format_ and not image.getexif() and not image.info.get("comment")
        assert media.sizes[name] == len(body)
    assert sides == {"file": 1600, "large": 1280, "thumb": 320}
    if kind == "JPEG":
        assert (media.width, media.height) == (1200, 1600), "the orientation was not applied"


@pytest.mark.parametrize(("consent", "capture"), [(True, PLACE), (False, Capture())])
def test_time_and_place_are_kept_with_consent_only_and_never_in_the_file(
    album: Album, consent: bool, capture: Capture
) -> None:
    handle = album.send(photo(), consent=consent)
    album.develop()
    assert album.media(handle).capture == capture
    for name in ("file", "large", "thumb"):
        assert SECRET.encode() not in rendition(album, handle, name)


@pytest.mark.parametrize(
    ("kind", "codec"), [("mov", "libx264"), ("mp4", "libx264"), ("webm", "libvpx"), ("mov", "mpeg4")]
)
def test_every_video_becomes_an_mp4_that_browsers_play_with_a_poster(
    album: Album, tmp_path: Path, kind: str, codec: str
) -> None:
    handle = album.send(video(tmp_path, kind, codec), "video", consent=True)
    album.develop(Kind.VIDEO)
    media = album.media(handle)
    assert media.state is State.READY and media.seconds == pytest.approx(2.0, abs=0.2)
    body = rendition(album, handle, "file", Kind.VIDEO)
    found = probed(body, tmp_path)
    assert found["streams"][0]["codec_name"] == "h264" and "mp4" in found["format"]["format_name"]
    assert body.index(b"moov") < body.index(b"mdat"), "playing begins only after all of it has come"
    assert SECRET not in json.dumps(found) and "113.91" not in json.dumps(found) and "2026-11" not in json.dumps(found)
    with Image.open(io.BytesIO(rendition(album, handle, "thumb", Kind.VIDEO))) as poster:
        assert max(poster.size) == 320
    if kind == "mov":
        assert (media.capture.latitude, media.capture.longitude) == (LATITUDE, LONGITUDE)


def test_what_was_developed_leaves_no_piece_behind(album: Album) -> None:
    handle = album.send(photo())
    album.develop()
    retention.forget(album.here.database, album.context)
    folder = album.here.settings.media_dir
    assert {each.name for each in folder.rglob("*") if each.is_file()} == {"thumb.webp", "large.webp", "file.jpg"}
    assert album.media(handle).ends == ()


def test_two_processes_never_develop_the_same_file(album: Album) -> None:
    for _ in range(2):
        album.send(photo())
    shops = [Processor(album.here.database, album.here.settings, Kind.PHOTO) for _ in range(3)]
    for shop in shops:
        shop.turn()
    at_work = [shop.job.media.id for shop in shops if shop.job]
    for shop in shops:
        shop.stop()
    assert len(at_work) == len(set(at_work)) == 2


def test_a_file_that_kills_its_process_is_refused_after_three_tries(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processing, "ROOT", Path("/"))  # where there is no darkroom: the child dies at once
    handle = album.send(photo())
    for hours in range(1, 4):
        assert album.media(handle).state is State.CHECKING
        album.develop()
        move_clock(album.here.database, timedelta(hours=hours))
    assert (album.media(handle).state, album.media(handle).reason) == (State.REFUSED, Reason.UNREADABLE)


def test_a_worker_killed_with_a_file_in_hand_loses_it_to_nobody_for_ever(album: Album) -> None:
    handle = album.send(photo())
    for hours in range(1, 4):
        killed = Processor(album.here.database, album.here.settings, Kind.PHOTO)
        killed.turn()
        assert killed.job is not None
        killed.job.child.kill()
        killed.job.child.wait(10)
        killed.job.close()
        move_clock(album.here.database, timedelta(hours=hours))
    album.develop()
    assert album.media(handle).reason is Reason.UNREADABLE


def test_a_file_claimed_by_a_clock_that_was_set_back_is_claimed_again(album: Album) -> None:
    move_clock(album.here.database, timedelta(hours=11))
    handle = album.send(photo())
    killed = Processor(album.here.database, album.here.settings, Kind.PHOTO)
    killed.turn()
    assert killed.job is not None
    killed.job.child.kill()
    killed.job.child.wait(10)
    killed.job.close()
    move_clock(album.here.database, timedelta(0))
    album.develop()
    assert album.media(handle).state is State.READY


def test_a_stop_gives_the_file_back_and_counts_no_try(album: Album) -> None:
    handle = album.send(photo())
    for _ in range(5):
        shop = Processor(album.here.database, album.here.settings, Kind.PHOTO)
        shop.turn()
        assert shop.job is not None
        shop.stop()
    album.develop()
    assert album.media(handle).state is State.READY


def test_a_store_that_is_away_costs_a_file_no_try(street: Make, tmp_path: Path) -> None:
    album = Album(street(clock_offset="true"))
    handle = album.send(photo())
    folder = album.here.settings.media_dir
    away = tmp_path / "away"
    for minutes in range(1, 6):
        folder.rename(away)
        folder.write_text("no folder")
        album.develop()
        folder.unlink()
        away.rename(folder)
        move_clock(album.here.database, timedelta(minutes=minutes))
    album.develop()
    assert album.media(handle).state is State.READY


def test_what_waits_is_measured(album: Album) -> None:
    album.send(photo())
    move_clock(album.here.database, timedelta(minutes=10))
    with album.here.database.transaction() as tx:
        waiting = processing_store.waiting(tx)[Kind.PHOTO]
    assert waiting.files == 1 and waiting.oldest >= 599
    processing.measure(album.here.database)
