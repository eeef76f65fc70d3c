"""A video as an MP4 that every browser plays: copied if its streams are playable, otherwise encoded again."""

import json
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.intake.domain.file_type import FileType
from services.intake.media.darkroom import photo
from services.intake.media.darkroom.confine import die_with_parent
from services.intake.media.darkroom.result import Refused, Result

SIDE = 1280
"""Longest side, in pixels, of a video that is encoded again."""
KEPT = 0.9
"""Share of the declared length that must be there: less means that the file was cut off."""
DEMUXERS = {FileType.MP4: "mov", FileType.MOV: "mov", FileType.WEBM: "matroska"}
PLAYABLE = {("h264", "yuv420p"), ("h264", "yuvj420p")}
_PLACE = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)")
# Only this one file is read, and nothing but pictures and sound is kept.
_READ = ["-protocol_whitelist", "file", "-threads", "2"]
_BARE = ["-map_metadata", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1", "-sn", "-dn", "-fflags", "+bitexact"]
_ENCODED = [
    *("-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-pix_fmt", "yuv420p", "-threads", "2"),
    *("-vf", f"scale='min({SIDE},iw)':'min({SIDE},ih)':force_original_aspect_ratio=decrease:force_divisible_by=2"),
    *("-c:a", "aac", "-b:a", "96k", "-ac", "2"),
]


def develop(source: Path, into: Path, consent: bool, type_: FileType, longest: float) -> Result:
    """Writes the video, its poster and thumbnail below `into`. Raises Refused."""
    read = [*_READ, "-f", DEMUXERS[type_]]
    probed = _probe(source, read)
    _check_pixels(probed)
    seconds = _seconds(probed)
    if seconds > longest:
        raise Refused("too_long")
    made = into / "file.mp4"
    _made(source, made, read, _plays_as_it_is(probed), seconds)
    _poster(made, into, seconds)
    width, height = _shown(_probe(made, [*_READ, "-f", "mov"]))
    return Result(width=width, height=height, seconds=round(seconds, 1), **(_taken(probed) if consent else {}))


def _made(source: Path, made: Path, read: list[str], copies: bool, seconds: float) -> None:
    for ways in (["-c", "copy"], _ENCODED) if copies else (_ENCODED,):
        streams = ["-map", "0:v:0", "-map", "0:a:0?"]
        if _ffmpeg(*read, "-i", source, *streams, *_BARE, *ways, "-movflags", "+faststart", "-f", "mp4", made):
            break
    else:
        raise Refused("damaged")
    if _seconds(_probe(made, [*_READ, "-f", "mov"])) < KEPT * seconds:
        raise Refused("damaged")


def _poster(made: Path, into: Path, seconds: float) -> None:
    frame = into / "frame.png"
    at = min(1.0, seconds / 2)
    if not _ffmpeg(*_READ, "-ss", f"{at:.3f}", "-i", made, "-frames:v", "1", "-f", "image2", "-c:v", "png", frame):
        raise Refused("damaged")
    if not frame.exists():
        raise Refused("damaged")
    photo.still(frame, into)
    frame.unlink()


def _ffmpeg(*arguments: str | Path) -> bool:
    command = ["ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y", *map(str, arguments)]
    return _run(command).returncode == 0


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, preexec_fn=die_with_parent
    )


def _probe(path: Path, read: list[str]) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", *read, "-show_streams", "-show_format", "-of", "json", str(path)]
    done = _run(command)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        found = {}
    if done.returncode != 0 or not _of_type(found, "video"):
        raise Refused("damaged")
    return found


def _of_type(probed: dict[str, Any], type_: str) -> list[dict[str, Any]]:
    return [each for each in probed.get("streams", []) if each.get("codec_type") == type_]


def _check_pixels(probed: dict[str, Any]) -> None:
    stream = _of_type(probed, "video")[0]
    pixels = int(stream.get("width", 0)) * int(stream.get("height", 0))
    if not pixels:
        raise Refused("damaged")
    if pixels > photo.MOST_PIXELS:
        raise Refused("too_many_pixels")


def _shown(probed: dict[str, Any]) -> tuple[int, int]:
    stream = _of_type(probed, "video")[0]
    turned = sum(int(each.get("rotation", 0)) for each in stream.get("side_data_list", [])) % 180
    size = int(stream["width"]), int(stream["height"])
    return size[::-1] if turned else size


def _seconds(probed: dict[str, Any]) -> float:
    try:
        return float(probed["format"]["duration"])
    except (KeyError, ValueError):
        raise Refused("damaged") from None


def _plays_as_it_is(probed: dict[str, Any]) -> bool:
    picture, sound = _of_type(probed, "video")[0], _of_type(probed, "audio")
    plays = (picture.get("codec_name"), picture.get("pix_fmt")) in PLAYABLE
    return plays and all(each.get("codec_name") == "aac" for each in sound[:1])


def _taken(probed: dict[str, Any]) -> dict[str, Any]:
    tags = {name.lower(): str(value) for name, value in probed["format"].get("tags", {}).items()}
    at = _moment(tags.get("com.apple.quicktime.creationdate") or tags.get("creation_time") or "")
    place = _PLACE.match(tags.get("com.apple.quicktime.location.iso6709") or tags.get("location") or "")
    found: dict[str, Any] = {"at": at} if at else {}
    if place and abs(float(place[1])) <= 90 and abs(float(place[2])) <= 180:
        found |= {"latitude": round(float(place[1]), 6), "longitude": round(float(place[2]), 6)}
    return found


def _moment(written: str) -> str | None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    # Cameras without a clock write 1904 or 1970; without a zone the moment is unknown.
    if moment.tzinfo is None or moment.year < 2000:
        return None
    return moment.astimezone(UTC).isoformat()
