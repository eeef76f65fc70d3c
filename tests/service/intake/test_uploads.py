"""A file comes in piece by piece, and goes on after a cut where it stopped."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from werkzeug.datastructures import FileStorage

from services.intake.domain.media import Kind, Stage, State
from services.intake.domain.upload_rules import CHUNK
from services.intake.errors import TooManyFiles, UploadRefused, UploadUnfinished
from services.intake.media.commands import forms, retention
from services.intake.media.context import UploadHandle, parse_handles
from tests.service.intake.album import TUS, Album
from tests.service.intake.conftest import Street
from tests.support.clock import move_clock
from tests.support.pictures import noise, photo

Make = Callable[..., Street]


@pytest.fixture
def album(street: Make) -> Album:
    return Album(street(clock_offset="true"))


def files(album: Album) -> set[str]:
    folder = album.here.settings.media_dir
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


def test_a_file_in_pieces_is_whole_at_the_end(album: Album) -> None:
    body = noise(5_000_000)
    handle = album.send(body)
    assert album.media(handle).state is State.CHECKING
    assert (
        b"".join(album.whole(f"uploads/{key}") for key in sorted(k.removeprefix("uploads/") for k in files(album)))
        == body
    )
    asked = album.ask(handle)
    assert asked.json["state"] == "checking" and asked.json["said"] == "正在处理"


def test_an_upload_goes_on_after_a_cut_where_the_server_says(album: Album) -> None:
    body = noise(3_000_000)
    begun = album.begin(len(body)).json
    handle = UploadHandle(begun["id"], begun["token"])
    assert album.piece(handle, 0, body[:CHUNK]).headers["Upload-Offset"] == str(CHUNK)
    head = album.ask(handle, "HEAD")
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (str(CHUNK), str(len(body)))
    assert head.headers["Cache-Control"] == "no-store" and head.headers["Tus-Resumable"] == "1.0.0"
    again = album.piece(handle, 0, body[:CHUNK])
    assert again.status_code == 409 and again.json["data"] == {"offset": CHUNK}
    assert album.piece(handle, CHUNK, body[CHUNK:]).status_code == 204


def test_a_client_may_choose_its_secret_and_speak_plain_tus(album: Album) -> None:
    able = album.here.client.options("/uploads")
    assert able.headers["Tus-Extension"] == "creation,termination" and able.headers["Tus-Max-Size"] == str(100 << 20)
    begun = album.begin(100, Upload_Token="s" * 32)
    assert re.fullmatch(r"/uploads/[\w-]{22}", begun.headers["Location"]) and begun.json["token"] == "s" * 32


def test_another_version_of_the_protocol_is_told_ours(album: Album) -> None:
    answer = album.begin(100, Tus_Resumable="0.2.2")
    assert answer.status_code == 412 and answer.headers["Tus-Version"] == "1.0.0"


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload_Length": "-1"},
        {"Upload_Length": "0"},
        {"Upload_Length": "٣"},
        {"Upload_Length": "9" * 400},
        {"Upload_Metadata": "kind %%%"},
        {"Upload_Metadata": "kind c2VjcmV0"},
        {"Upload_Metadata": ""},
        {"Upload_Token": "short"},
        {"Upload_Token": "a" * 30 + " b"},
    ],
)
def test_what_cannot_be_understood_is_a_bad_request(album: Album, headers: dict[str, str]) -> None:
    assert album.begin(100, **headers).status_code == 400


def test_a_file_larger_than_allowed_is_refused_before_a_byte_is_sent(album: Album) -> None:
    assert album.begin((10 << 20) + 1).status_code == 413
    assert album.begin((100 << 20) + 1, "video").status_code == 413
    assert album.begin(100 << 20, "video").status_code == 201


def test_what_is_no_photo_is_refused_at_its_first_piece(album: Album) -> None:
    begun = album.begin(300_000).json
    handle = UploadHandle(begun["id"], begun["token"])
    answer = album.piece(handle, 0, b"PK\x03\x04" + bytes(299_996))
    assert answer.status_code == 415 and answer.json["code"] == "upload_refused" and "格式" in answer.json["detail"]
    assert album.ask(handle).json["reason"] == "wrong_type"
    assert not files(album)


def test_deleted_is_gone_with_its_bytes(album: Album) -> None:
    handle = album.send(photo())
    assert album.ask(handle, "DELETE").status_code == 204
    assert album.ask(handle).status_code == 404 and not files(album)


def test_what_no_letter_came_for_is_forgotten_after_a_day(album: Album) -> None:
    number = album.here.post().json["number"]
    kept, forgotten = album.send(photo()), album.send(photo())
    album.bound(number, kept)
    move_clock(album.here.database, timedelta(hours=23, minutes=59))
    retention.forget(album.here.database, album.context)
    assert album.media(forgotten).state is State.CHECKING
    move_clock(album.here.database, timedelta(hours=24, minutes=1))
    retention.forget(album.here.database, album.context)
    assert album.ask(forgotten).status_code == 404 and album.ask(kept).status_code == 200
    assert {each.split("/")[1] for each in files(album)} == {kept.id}


def test_only_whole_files_with_their_secret_become_part_of_a_case_and_only_once(album: Album) -> None:
    number, other = album.here.post().json["number"], album.here.post().json["number"]
    whole = album.send(photo())
    begun = album.begin(1000).json
    for bad in (
        UploadHandle(begun["id"], begun["token"]),
        UploadHandle(whole.id, "x" * 32),
        UploadHandle("y" * 22, "x" * 32),
    ):
        with pytest.raises(UploadUnfinished):
            album.bound(number, whole, bad)
    assert album.media(whole).number is None
    assert album.bound(number, whole) == 1 and album.bound(number, whole) == 0
    with pytest.raises(UploadUnfinished):
        album.bound(other, whole)
    assert album.media(whole).stage is Stage.LETTER
    assert album.ask(whole, "DELETE").status_code == 404 and album.media(whole).number == number


def test_a_tenth_photo_is_too_many(album: Album) -> None:
    number = album.here.post().json["number"]
    ten = [album.send(photo()) for _ in range(10)]
    with pytest.raises(TooManyFiles):
        album.bound(number, *ten)
    assert album.bound(number, *ten[:9]) == 9
    assert album.bound(number, ten[9], stage=Stage.SUPPLEMENT) == 1


def test_one_address_has_a_limit_of_uploads_and_of_bytes_that_wait(street: Make) -> None:
    album = Album(street(uploads_per_hour="3", unsent_megabytes="12"))
    assert album.begin(10 << 20).status_code == 201
    full = album.begin(10 << 20)
    assert full.status_code == 429 and full.headers["Retry-After"]
    assert [album.begin(1000).status_code for _ in range(3)] == [201, 201, 429]
    assert Album(album.here, address="203.0.113.8").begin(1000).status_code == 201


def test_files_of_a_form_are_streamed_and_bound_like_any_other(album: Album) -> None:
    number = album.here.post().json["number"]
    several = {Kind.PHOTO: [FileStorage(BytesIO(photo()), "door.exe"), FileStorage(BytesIO(b""), "")]}
    taken = forms.store_files(album.here.database, album.context, several, False, "203.0.113.7")
    assert len(taken) == 1 and album.bound(number, *taken) == 1
    assert album.media(taken[0]).state is State.CHECKING


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04" + bytes(1000), b"%PDF-1.7"])
def test_a_form_with_what_is_no_photo_is_refused_and_names_the_field(album: Album, body: bytes) -> None:
    several = {Kind.PHOTO: [FileStorage(BytesIO(body), "photo.jpg")]}
    with pytest.raises(UploadRefused) as refused:
        forms.store_files(album.here.database, album.context, several, False, "203.0.113.7")
    assert refused.value.field == "photos" and not files(album)


@pytest.mark.parametrize(
    "written", ["x", "a.b", "é" * 22 + "." + "t" * 32, "a" * 22, f"{'a' * 22}.{'t' * 32} x", "a" * 22 + ".." + "t" * 30]
)
def test_a_hidden_field_that_is_none_of_ours_is_refused(written: str) -> None:
    with pytest.raises(UploadUnfinished):
        parse_handles(written)


def test_the_hidden_field_names_ids_and_secrets() -> None:
    assert parse_handles(f" {'a' * 22}.{'t' * 32}  {'b' * 22}.{'u' * 32} ") == [
        UploadHandle("a" * 22, "t" * 32),
        UploadHandle("b" * 22, "u" * 32),
    ]
    assert parse_handles("") == []


def test_an_object_store_that_is_away_is_a_503_and_the_piece_can_be_sent_again(street: Make, tmp_path: Path) -> None:
    (tmp_path / "full").write_text("no folder")
    album = Album(street(media_dir=str(tmp_path / "full")))
    begun = album.begin(70_000).json
    handle, body = UploadHandle(begun["id"], begun["token"]), photo()[:70_000]
    assert album.piece(handle, 0, body).status_code == 503
    (tmp_path / "full").unlink()
    assert album.piece(handle, 0, body).status_code == 204


def test_a_piece_needs_its_own_content_type(album: Album) -> None:
    begun = album.begin(1000).json
    answer = album.here.client.patch(
        f"/uploads/{begun['id']}",
        data=b"x" * 1000,
        headers=TUS | {"Upload-Token": begun["token"], "Upload-Offset": "0"},
    )
    assert answer.status_code == 415
