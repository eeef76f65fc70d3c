"""A file is what its bytes say."""

import io
import zipfile

import pytest

from services.intake.domain.file_type import FileType, of, pretends


def boxed(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + b"\0" * 32


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"\xff\xd8\xff\xe0\0\x10JFIF", FileType.JPEG),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", FileType.PNG),
        (b"RIFF\x24\0\0\0WEBPVP8 ", FileType.WEBP),
        (boxed(b"heic", b"mif1", b"heic"), FileType.HEIF),
        (boxed(b"mif1", b"mif1", b"heic"), FileType.HEIF),
        (boxed(b"qt  ", b"qt  "), FileType.MOV),
        (b"\0\0\0\x08wide\0\0\0\0mdat", FileType.MOV),
        (boxed(b"isom", b"isom", b"avc1"), FileType.MP4),
        (boxed(b"XAVC", b"mp42"), FileType.MP4),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", FileType.WEBM),
    ],
)
def test_each_type_is_known_by_its_first_bytes(head: bytes, found: FileType) -> None:
    assert of(head) is found


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff\xd8",
        b"PK\x03\x04",
        b"GIF89a",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"MZ\x90\0",
        boxed(b"avif", b"mif1", b"avif"),
        boxed(b"mif1", b"mif1", b"avif"),
        b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska",
        b"\0\0\0\x04ftyp",
    ],
)
def test_what_is_no_photo_and_no_video_is_not_known(head: bytes) -> None:
    assert of(head) is None


def test_a_picture_with_a_zip_behind_it_is_two_faced() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("virus.exe", b"x" * 1000)
    assert pretends(b"\xff\xd8\xff", b"picture" + archive.getvalue()) == "zip"


def test_four_bytes_that_only_look_like_the_end_of_a_zip_are_none() -> None:
    assert pretends(b"\xff\xd8\xff", b"PK\x05\x06" + b"\0" * 900 + b"PK\x05\x06\0") is None


@pytest.mark.parametrize(
    "script", [b"<SCRIPT>alert(1)</script>", b"<?php system('id');", b"<!DOCTYPE HTML>", b"%PDF-1.4"]
)
def test_a_picture_whose_comment_is_a_page_or_a_program_is_two_faced(script: bytes) -> None:
    assert pretends(b"\xff\xd8\xff\xfe\0\x40" + script, b"") == "script"


def test_what_phones_append_to_photos_is_no_pretence() -> None:
    film = boxed(b"isom", b"avc1") * 40
    assert pretends(b"\xff\xd8\xff\xe1" + b'<x:xmpmeta xmlns:x="adobe:ns:meta/">', b"\xff\xd9" + film) is None
