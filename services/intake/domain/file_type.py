"""What a file is, by its first bytes and never by its name, and whether it could pass for something else too."""

import struct
from enum import StrEnum

HEAD = 4096
"""How many of a file's first bytes are inspected."""
TAIL = 65_557
"""How many of its last bytes: the end record of a zip archive with the longest possible comment."""


class FileType(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIF = "heif"
    MP4 = "mp4"
    MOV = "mov"
    WEBM = "webm"


PHOTOS = frozenset({FileType.JPEG, FileType.PNG, FileType.WEBP, FileType.HEIF})
VIDEOS = frozenset({FileType.MP4, FileType.MOV, FileType.WEBM})

_HEIF = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_HEIF_FAMILY = frozenset({b"mif1", b"msf1", b"heif"})
_MP4 = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4VH", b"MSNV", b"dash"}
    | {b"3gp4", b"3gp5", b"3gp6", b"3gp7", b"3g2a", b"mmp4", b"hvc1", b"f4v "}
)
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip")
_SCRIPTS = (b"<script", b"<html", b"<!doctype html", b"<?php", b"<svg", b"%pdf-")
_ZIP_END = b"PK\x05\x06"
_ZIP_END_BYTES = 22


def of(head: bytes) -> FileType | None:
    """The type of a file that begins with `head`; None if we do not accept it."""
    if head.startswith(b"\xff\xd8\xff"):
        return FileType.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileType.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileType.WEBP
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return FileType.WEBM if b"webm" in head[:64] else None
    return _boxed(head)


def pretends(head: bytes, tail: bytes) -> str | None:
    """What else a program might take the file for: `script` or `zip`; None if nothing. `tail` is the end of the file.

    Both are searched for where a browser or an unpacker would find them; what telephones append to their photos (a
    short film, a second picture) is neither.
    """
    low = head[:HEAD].lower()
    if any(mark in low for mark in _SCRIPTS):
        return "script"
    return "zip" if _ends_as_zip(tail) else None


def _boxed(head: bytes) -> FileType | None:
    """MP4 and its relatives: boxes with a length and a name, of which the first lists the brands."""
    if head[4:8] in _OLD_QUICKTIME:
        return FileType.MOV
    if head[4:8] != b"ftyp":
        return None
    brands = _brands(head)
    if brands[:1] == [b"qt  "]:
        return FileType.MOV
    if brands[0] in _HEIF or (brands[0] in _HEIF_FAMILY and _HEIF & set(brands)):
        return FileType.HEIF
    return FileType.MP4 if _MP4 & set(brands) else None


def _brands(head: bytes) -> list[bytes]:
    (size,) = struct.unpack(">I", head[:4])
    compatible = head[16 : min(size, len(head), 256)]
    return [head[8:12], *(compatible[at : at + 4] for at in range(0, len(compatible) - 3, 4))]


def _ends_as_zip(tail: bytes) -> bool:
    at = tail.rfind(_ZIP_END)
    while at >= 0:
        if len(tail) - at >= _ZIP_END_BYTES:
            (comment,) = struct.unpack("<H", tail[at + 20 : at + 22])
            if at + _ZIP_END_BYTES + comment == len(tail):
                return True
        at = tail.rfind(_ZIP_END, 0, at)
    return False
