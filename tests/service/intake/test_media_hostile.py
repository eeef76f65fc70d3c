"""Files and senders that mean no good: refused clearly, memory flat, nothing leaks."""

import http.client
import io
import os
import re
import resource
import secrets
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy.machine import ports
from services.intake import store
from services.intake.domain.media import Kind, Reason, State
from services.intake.domain.progress import Progress, apply_dispatch_event
from services.intake.domain.upload_rules import CHUNK, SMALLEST
from services.intake.errors import WrongOffset
from services.intake.media.commands import forms, uploading
from services.intake.media.context import UploadHandle
from tests.service.intake.album import TUS, Album
from tests.service.intake.conftest import Street
from tests.support.pictures import flood, grown, noise, photo, video

Make = Callable[..., Street]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def album(street: Make) -> Album:
    return Album(street())


def developed(album: Album, body: bytes, kind: Kind = Kind.PHOTO) -> Reason | None:
    """What the darkroom thinks of a file."""
    handle = album.send(body, kind)
    album.develop(kind)
    media = album.media(handle)
    assert media.state is (State.REFUSED if media.reason else State.READY)
    return media.reason


@cache
def bomb() -> bytes:
    """A small archive that unpacks to a hundred megabytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("zeros", bytes(100 << 20))
    return written.getvalue()


@pytest.mark.parametrize("kind", ["photo", "video"])
@pytest.mark.parametrize(
    "body",
    [
        bomb,
        lambda: b"MZ" + os.urandom(70_000),
        lambda: b"#!/bin/sh\nrm -rf /\n" + bytes(70_000),
        lambda: os.urandom(70_000),
    ],
    ids=["zip bomb", "program", "script", "noise"],
)
def test_wrong_magic_bytes_get_no_further_than_the_first_piece(
    album: Album, kind: str, body: Callable[[], bytes]
) -> None:
    content = body()
    begun = album.begin(len(content), kind).json
    answer = album.piece(UploadHandle(begun["id"], begun["token"]), 0, content[:CHUNK])
    assert answer.status_code == 415 and answer.json["data"]["reason"] == "wrong_type"
    assert not list(album.here.settings.media_dir.rglob("*-*"))


def test_a_flood_of_pixels_is_refused_before_it_is_decoded(album: Album) -> None:
    handle = album.send(flood())
    # A child is charged with what its parent had when it was forked: this one shows how much that is now.
    subprocess.run(["true"], check=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    album.develop()
    assert album.media(handle).reason is Reason.TOO_MANY_PIXELS
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 250_000), "it was decoded"


@pytest.mark.parametrize("share", [0.3, 0.6, 0.99])
def test_a_photo_that_was_cut_off_is_damaged(album: Album, share: float) -> None:
    body = photo()
    assert developed(album, body[: int(len(body) * share)]) is Reason.DAMAGED


def test_a_video_that_was_cut_off_is_damaged(album: Album, tmp_path: Path) -> None:
    body = video(tmp_path, "mp4", seconds=3)
    assert developed(album, body[: len(body) // 2], Kind.VIDEO) is Reason.DAMAGED


@pytest.mark.parametrize(
    "head", [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"]
)
def test_a_good_beginning_before_noise_is_damaged(album: Album, head: bytes) -> None:
    assert developed(album, head + os.urandom(80_000)) is Reason.DAMAGED


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (lambda: photo() + bomb(), Reason.TWO_FACED),
        (lambda: photo("PNG") + bomb(), Reason.TWO_FACED),
        (lambda: photo()[:2] + b"\xff\xfe\0\x20<script>alert(1)</script>    " + photo()[2:], Reason.TWO_FACED),
        (lambda: photo()[:2] + b"\xff\xfe\0\x20%PDF-1.7 obj stream endstream  " + photo()[2:], Reason.TWO_FACED),
    ],
    ids=["zip behind a photo", "zip behind a png", "page in a comment", "pdf in a comment"],
)
def test_a_file_with_two_faces_is_refused(album: Album, body: Callable[[], bytes], reason: Reason) -> None:
    assert developed(album, body()) is reason


def test_a_playlist_that_calls_itself_a_video_reads_no_other_file(album: Album) -> None:
    playlist = b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n" * 2000
    assert developed(album, playlist, Kind.VIDEO) is Reason.DAMAGED


def test_ten_thousand_pieces_are_not_taken(album: Album) -> None:
    begun = album.begin(100 << 20, "video").json
    handle = UploadHandle(begun["id"], begun["token"])
    for size in (1, 10_000, SMALLEST - 1):
        assert album.piece(handle, 0, b"\0\0\0\x18ftypisom" + bytes(size)[: max(0, size - 12)]).status_code == 413
    assert album.piece(handle, 0, b"x" * (CHUNK + 1)).status_code == 413
    assert album.ask(handle, "HEAD").headers["Upload-Offset"] == "0"


@pytest.mark.parametrize("offset", ["1", "-1", "99999999999999", "1e3", "", "0x0", "9" * 500])
def test_a_wrong_offset_changes_nothing(album: Album, offset: str) -> None:
    begun = album.begin(100_000).json
    handle = UploadHandle(begun["id"], begun["token"])
    headers = TUS | {
        "Upload-Token": handle.token,
        "Upload-Offset": offset,
        "Content-Type": "application/offset+octet-stream",
    }
    answer = album.here.client.patch(f"/uploads/{handle.id}", data=photo()[:70_000], headers=headers)
    assert answer.status_code in (400, 409)
    assert album.media(handle).offset == 0


def test_the_same_piece_sent_by_two_at_once_is_recorded_once(album: Album) -> None:
    body = noise(3_000_000)
    begun = album.begin(len(body)).json
    handle = UploadHandle(begun["id"], begun["token"])
    seen = uploading.upload(album.here.database, album.context, handle)
    assert album.piece(handle, 0, body[:CHUNK]).status_code == 204
    with pytest.raises(WrongOffset):
        uploading.record_piece(album.here.database, seen, 0, CHUNK)
    assert album.media(handle).ends == (CHUNK,)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "DELETE"])
def test_without_its_own_secret_an_upload_does_not_exist(album: Album, method: str) -> None:
    mine, other = album.send(photo()), album.send(photo("PNG"))
    for token in ("", other.token, mine.token[:-1], mine.token + "a", "é", "' or 1=1 --", "a" * 5000):
        headers = TUS | {"Upload-Token": token.encode().decode("latin-1"), "Upload-Offset": "0"}
        headers["Content-Type"] = "application/offset+octet-stream"
        answer = album.here.client.open(f"/uploads/{mine.id}", method=method, headers=headers)
        assert answer.status_code == 404
    assert album.media(mine).state is State.CHECKING


def test_guessing_of_names_finds_nothing_and_tells_nothing(album: Album) -> None:
    number = album.here.post().json["number"]
    handle = album.send(photo())
    album.bound(number, handle)
    album.develop()
    answers = set()
    for guess in (
        handle.id,
        secrets.token_urlsafe(16),
        handle.id[:-1] + "A",
        handle.id.lower(),
        "1",
        "..",
        "%00",
        "a" * 3000,
    ):
        answer = album.here.client.get(f"/media/{guess}/file")
        answers.add(answer.status_code)
        assert handle.id not in re.sub(re.escape(guess), "", answer.text) and number not in answer.text
    assert answers <= {404, 400, 308} and 404 in answers


def test_a_name_of_a_file_is_never_used(album: Album) -> None:
    names = ["../../etc/passwd", "a\0b.jpg", "<script>.jpg", "a" * 5000 + ".jpg", "13800000001.jpg"]
    for name in names:
        files = {Kind.PHOTO: [_Sent(name, io.BytesIO(photo()))]}
        forms.store_files(album.here.database, album.context, files, False, "203.0.113.7")
    lying = {each.name for each in album.here.settings.media_dir.rglob("*")}
    assert all(re.fullmatch(r"uploads|[\w-]{22}|\d{9}-\d{9}", each) for each in lying)


class _Sent:
    def __init__(self, filename: str, stream: Any) -> None:
        self.filename, self.stream = filename, stream


@contextmanager
def door(here: Street, tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The front door as a process of its own: its port, and the process that answers."""
    port = ports.free_port()
    (tmp_path / "master").write_text(here.master)
    told = {
        "PROFILE": "dev",
        "DATABASE_URL": here.database.engine.url.render_as_string(hide_password=False),
        "MASTER_KEYS_FILE": str(tmp_path / "master"),
        "INDEX_KEY": here.settings.index_key.decode(),
        "JWKS": here.settings.jwks,
        "TOKEN_ISSUER": here.settings.token_issuer,
        "MEDIA_DIR": str(here.settings.media_dir),
        "PAGE_KEY": "k" * 32,
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(port),
        "OPS_PORT": "0",
        "OPS_HOST": "127.0.0.1",
    }
    with (tmp_path / "door.log").open("wb") as log:
        command = [sys.executable, "-m", "services.intake", "api"]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | told, stdout=log, stderr=log)
        try:
            yield port, _worker_of(process.pid, port, tmp_path / "door.log")
        finally:
            process.terminate()
            process.wait(20)


def _worker_of(pid: int, port: int, log: Path) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children and ports.answers(port):
            return int(children[0])
        time.sleep(0.05)
    raise AssertionError(log.read_text()[-3000:])


def peak(pid: int) -> int:
    """The most memory a process ever held, in megabytes."""
    (line,) = (each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) >> 10


def asked(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


@pytest.mark.timeout(240)
def test_a_hundred_megabytes_leave_the_memory_of_the_front_door_flat(album: Album, tmp_path: Path) -> None:
    here, size = album.here, 100 << 20
    film = grown(video(tmp_path, "mp4"), size)
    (tmp_path / "film").write_bytes(film)
    number = here.post().json["number"]
    with here.database.transaction() as tx:
        store.progress(tx, [number])
        told = apply_dispatch_event(Progress(), "case.dispatched", {"state": "handling", "unit": "C07"})
        store.save_progress(tx, {number: told})
    with door(here, tmp_path) as (port, pid):
        assert asked(port, "GET", "/")[0] == 200
        before = peak(pid)
        token = "s" * 40
        told_headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": "kind dmlkZW8=", "Upload-Token": token}
        status, headers, _ = asked(port, "POST", "/uploads", **told_headers)
        assert status == 201
        for offset in range(0, size, CHUNK):
            piece = film[offset : offset + CHUNK]
            own = {**TUS, "Upload-Token": token, "Upload-Offset": str(offset)}
            status, *_ = asked(
                port, "PATCH", headers["Location"], piece, Content_Type="application/offset+octet-stream", **own
            )
            assert status == 204
        assert _form(here, port, number, tmp_path / "film") == 303
        assert peak(pid) - before < 40, f"{peak(pid)} MB after {before} MB"


def _form(here: Street, port: int, number: str, film: Path) -> int:
    """The same film once more, with a form as a browser without a script posts it."""
    officer = {"Authorization": f"Bearer {here.issuer.token('officer-2', 'unit', unit='C07')}"}
    path, border = f"/media/cases/{number}/add", "----border"
    _, headers, page = asked(port, "GET", path, **officer)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.decode()))
    begin = "".join(
        f'--{border}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in hidden.items()
    )
    begin += f'--{border}\r\nContent-Disposition: form-data; name="video"; filename="film.mp4"\r\nContent-Type: video/mp4\r\n\r\n'
    end = f"\r\n--{border}--\r\n"
    whole = film.with_name("body")
    with whole.open("wb") as body:
        body.write(begin.encode() + film.read_bytes() + end.encode())
    with whole.open("rb") as body:
        length = str(whole.stat().st_size)
        cookie = headers["Set-Cookie"].split(";")[0]
        said = {
            **officer,
            "Cookie": cookie,
            "Content-Type": f"multipart/form-data; boundary={border}",
            "Content-Length": length,
        }
        return asked(port, "POST", path, body, **said)[0]


@pytest.mark.timeout(60)
def test_ten_thousand_fields_are_refused(album: Album) -> None:
    part = '--b\r\nContent-Disposition: form-data; name="field{}"\r\n\r\nx\r\n'
    body = "".join(part.format(n) for n in range(10_000)) + "--b--\r\n"
    answer = album.here.client.post("/", data=body.encode(), content_type="multipart/form-data; boundary=b")
    assert answer.status_code in (403, 413) and answer.status_code < 500
