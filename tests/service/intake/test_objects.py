"""The object store, as a folder and as a bucket: the same behaviour."""

import io
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.intake.media.objects.bucket import Bucket
from services.intake.media.objects.port import Folder, ObjectMissing, Objects, StoreUnavailable

KEY = "a1B2-_c3/file.jpg"


def bucket(endpoint: str, seconds: float = 10.0) -> Bucket:
    return Bucket("letters", endpoint=endpoint, region="us-east-1", key="invented", secret="invented", seconds=seconds)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A server that speaks like S3, on a port of its own."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    bucket(endpoint).client.create_bucket(Bucket="letters")
    yield endpoint
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    make: dict[str, Callable[[], Objects]] = {
        "folder": lambda: Folder(tmp_path),
        "bucket": lambda: bucket(request.getfixturevalue("s3")),
    }
    return make[request.param]()


def test_what_is_put_is_streamed_in_pieces_and_in_parts(store: Objects) -> None:
    body = os.urandom(300_000)
    store.put(KEY, io.BytesIO(body))
    pieces = list(store.stream(KEY))
    assert b"".join(pieces) == body and max(map(len, pieces)) <= 1 << 16
    assert b"".join(store.stream(KEY, 100_000, 200_000)) == body[100_000:200_000]
    assert b"".join(store.stream(KEY, 299_999)) == body[-1:]


def test_a_key_may_be_stored_again(store: Objects) -> None:
    store.put(KEY, io.BytesIO(b"first"))
    store.put(KEY, io.BytesIO(b"second"))
    assert b"".join(store.stream(KEY)) == b"second"


def test_only_what_lies_below_the_prefix_is_forgotten(store: Objects) -> None:
    for key in ("one/a", "one/b", "one1/a"):
        store.put(key, io.BytesIO(b"x"))
    store.forget("one")
    store.forget("one")
    for key in ("one/a", "one/b"):
        with pytest.raises(ObjectMissing):
            store.stream(key)
    assert b"".join(store.stream("one1/a")) == b"x"


@pytest.mark.parametrize("key", ["", "../a", "a/../b", "/etc/passwd", "a//b", "a/\0", "a b", "a/" + "b" * 200])
def test_a_key_that_is_none_touches_nothing(store: Objects, key: str) -> None:
    for call in (lambda: store.put(key, io.BytesIO(b"x")), lambda: store.stream(key), lambda: store.forget(key)):
        with pytest.raises(ValueError, match="not a key"):
            call()


def test_a_folder_shows_a_file_whole_or_not_at_all(tmp_path: Path) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("the disk is full")

    store = Folder(tmp_path)
    with pytest.raises(StoreUnavailable):
        store.put(KEY, Torn())
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


def test_a_bucket_that_does_not_answer_is_given_up_within_its_deadline() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        store = bucket(f"http://127.0.0.1:{deaf.getsockname()[1]}", seconds=0.3)
        with pytest.raises(StoreUnavailable):
            store.put(KEY, io.BytesIO(b"x"))
