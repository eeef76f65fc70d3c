"""A photo, fully decoded and written again: upright, in sRGB, with nothing but the picture."""

import io
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import Image, ImageCms, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from services.intake.media.darkroom.result import Refused, Result

MOST_PIXELS = 50_000_000
LONGEST = 4096
"""Longest side, in pixels, of the stored picture."""
SIDES = {"large": 1280, "thumb": 320}
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
SHANGHAI = timezone(timedelta(hours=8))
_EXIF, _GPS = 0x8769, 0x8825
_TAKEN_AT, _OFFSET = 0x9003, 0x9011

pillow_heif.register_heif_opener(thumbnails=False)
assert JpegImagePlugin and PngImagePlugin and WebPImagePlugin  # importing them registered their formats
Image.MAX_IMAGE_PIXELS = None  # Pillow's own limit only warns; ours is checked before anything is decoded


def develop(source: Path, into: Path, consent: bool) -> Result:
    """Writes the three renditions below `into`. Raises Refused."""
    try:
        with Image.open(source, formats=FORMATS) as image:
            _check_pixels(image)
            taken = taken_of(image) if consent else {}
            picture = _upright(image)
    except (MemoryError, Refused):
        raise
    except Exception:  # a decoder meeting hostile bytes raises whatever it likes
        raise Refused("damaged") from None
    width, height = picture.size
    picture.save(into / "file.jpg", quality=88, optimize=True, progressive=True)
    shrink(picture, into)
    return Result(width=width, height=height, **taken)


def shrink(picture: Image.Image, into: Path) -> None:
    """The two small pictures, as WebP."""
    for name, side in SIDES.items():
        picture.thumbnail((side, side), reducing_gap=2.0)
        picture.save(into / f"{name}.webp", quality=80, method=4)


def still(source: Path, into: Path) -> None:
    """The small pictures of a frame of a video. Raises Refused."""
    with Image.open(source, formats=("PNG",)) as image:
        _check_pixels(image)
        shrink(image.convert("RGB"), into)


def taken_of(image: Image.Image) -> dict[str, Any]:
    """When (ISO 8601, UTC) and where it was taken, as far as the file says something plausible."""
    exif = image.getexif()
    details, place = exif.get_ifd(_EXIF), exif.get_ifd(_GPS)
    latitude, longitude = _degrees(place, 1, 90), _degrees(place, 3, 180)
    found: dict[str, Any] = {"at": _moment(details.get(_TAKEN_AT), details.get(_OFFSET))}
    if latitude is not None and longitude is not None and (latitude, longitude) != (0, 0):
        found |= {"latitude": latitude, "longitude": longitude}
    return {name: value for name, value in found.items() if value is not None}


def _check_pixels(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise Refused("too_many_pixels")


def _upright(image: Image.Image) -> Image.Image:
    image.draft("RGB", (LONGEST, LONGEST))
    image.load()
    picture = _on_white(_in_srgb(ImageOps.exif_transpose(image)))
    picture.thumbnail((LONGEST, LONGEST), reducing_gap=3.0)
    picture.info = {}  # otherwise comments and profiles would be written too
    return picture


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK"):
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(image, theirs, ImageCms.createProfile("sRGB"), outputMode="RGB")
            return turned or image
    return image


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    ground = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(ground, clear).convert("RGB")


def _moment(written: Any, offset: Any) -> str | None:
    try:
        local = datetime.strptime(str(written), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  the zone stands apart
        zone = datetime.strptime(str(offset), "%z").tzinfo if offset else SHANGHAI
        return local.replace(tzinfo=zone).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return None


def _degrees(place: Mapping[int, Any], tag: int, most: int) -> float | None:
    try:
        parts = [float(each) for each in place[tag + 1]]
        degrees = math.fsum(part / 60.0**power for power, part in enumerate(parts[:3]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    if not math.isfinite(degrees) or not 0 <= degrees <= most:
        return None
    return round(-degrees if place.get(tag) in ("S", "W") else degrees, 6)
