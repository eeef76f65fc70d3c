"""Where the bytes of photos and videos are stored by opaque key: in a local folder or in an S3 bucket."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

PIECE = 64 << 10
"""Bytes read and written at a time, so that no file is ever whole in memory."""
_KEY = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]+)*")


class ObjectMissing(Exception):
    """There is no object with this key."""


class StoreUnavailable(Exception):
    """The store did not answer in time, or refused; the message contains no key and no secret."""


class Objects(Protocol):
    """Every call ends within a deadline. Raises ObjectMissing, StoreUnavailable."""

    def put(self, key: str, body: BinaryIO) -> None:
        """Stores the body from its current position, whole or not at all; a key may be stored again."""

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The object's bytes from `start` to before `end`, in pieces. Raises before the first piece is asked for."""

    def forget(self, prefix: str) -> None:
        """Deletes every object below `prefix/`; it is no error if there is none."""


def checked(key: str) -> str:
    """The key, if it is valid. Raises ValueError: we make the keys, so an invalid one is our own mistake."""
    if not _KEY.fullmatch(key) or ".." in key or len(key) > 200:
        raise ValueError("not a key of the object store")
    return key


class Folder:
    """Objects as files below a folder: written under a temporary name, synced, renamed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, key: str, body: BinaryIO) -> None:
        target = self.path / checked(key)
        temporary = target.with_name(f".{secrets.token_hex(8)}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(temporary, body)
            temporary.rename(target)
            _sync(target.parent)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink()
            raise StoreUnavailable(type(error).__name__) from None

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        try:
            file = (self.path / checked(key)).open("rb")
        except FileNotFoundError:
            raise ObjectMissing() from None
        except OSError as error:
            raise StoreUnavailable(type(error).__name__) from None
        file.seek(start)
        return _pieces(file, None if end is None else end - start)

    def forget(self, prefix: str) -> None:
        shutil.rmtree(self.path / checked(prefix), ignore_errors=True)


def _write(path: Path, body: BinaryIO) -> None:
    with path.open("xb") as file:
        shutil.copyfileobj(body, file, PIECE)
        file.flush()
        os.fsync(file.fileno())


def _pieces(file: BinaryIO, left: int | None) -> Iterator[bytes]:
    with file:
        while (left is None or left > 0) and (piece := file.read(PIECE if left is None else min(PIECE, left))):
            left = None if left is None else left - len(piece)
            yield piece


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
