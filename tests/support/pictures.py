"""Photos and videos for tests, made here so that none of a real person lies in the repository."""

import io
import struct
import subprocess
import zlib
from functools import cache
from pathlib import Path

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
SECRET = "13800000001"
LATITUDE, LONGITUDE = 22.565, 113.91


def exif() -> Image.Exif:
    """Turned by 90 degrees, taken at eight in the morning of 24 November 2026 at a metro exit."""
    made = Image.Exif()
    made[0x0112] = 6
    made.get_ifd(0x8769).update({0x9003: "2026:11:24 08:00:00", 0x9011: "+08:00"})
    made.get_ifd(0x8825).update({1: "N", 2: (22.0, 33.0, 54.0), 3: "E", 4: (113.0, 54.0, 36.0)})
    return made


@cache
def photo(kind: str = "JPEG", width: int = 1600, height: int = 1200) -> bytes:
    """A photo with time, place, orientation and a comment in it."""
    written = io.BytesIO()
    image = Image.effect_mandelbrot((width, height), (-2, -1.5, 1, 1.5), 50).convert("RGB")
    extra = {"comment": SECRET.encode()} if kind == "JPEG" else {}
    image.save(written, kind, exif=exif(), **extra)
    return written.getvalue()


def noise(bytes_: int) -> bytes:
    """A JPEG of at least so many bytes, all of it picture."""
    side = 256
    while True:
        written = io.BytesIO()
        Image.effect_noise((side, side), 100).save(written, "JPEG", quality=100)
        if written.tell() >= bytes_:
            return written.getvalue()
        side = int(side * 1.3)


def flood(side: int = 30_000) -> bytes:
    """A small PNG that says it is enormous."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def video(folder: Path, kind: str = "mov", codec: str = "libx264", seconds: int = 2, size: str = "640x360") -> bytes:
    """A film with a place in it."""
    path = folder / f"film.{kind}"
    told = ["-metadata", "location=+22.5650+113.9100/", "-metadata", "creation_time=2026-11-24T00:00:00Z"]
    sound = ["-f", "lavfi", "-i", f"sine=d={seconds}", "-c:a", "aac"] if codec == "libx264" else []
    picture = ["-f", "lavfi", "-i", f"testsrc=s={size}:d={seconds}"]
    command = ["ffmpeg", "-v", "error", "-y", *picture, *sound[:4], "-c:v", codec, "-pix_fmt", "yuv420p", *sound[4:]]
    subprocess.run([*command, *told, "-metadata", f"title={SECRET}", "-f", kind, str(path)], check=True)
    return path.read_bytes()


def grown(film: bytes, size: int) -> bytes:
    """The film with a box of nothing behind it, so that it has `size` bytes."""
    left = size - len(film)
    return film + struct.pack(">I", left) + b"free" + bytes(left - 8)
