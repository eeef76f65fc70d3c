"""A photo or a video of a case, from the first piece of its upload until it can be looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    PHOTO = "photo"  # 照片
    VIDEO = "video"  # 视频


class State(StrEnum):
    UPLOADING = "uploading"  # 上传中
    CHECKING = "checking"  # 正在处理
    READY = "ready"  # 可以查看
    REFUSED = "refused"  # 未能收下


TRANSITIONS: Mapping[State, Mapping[str, State]] = {
    State.UPLOADING: {"complete": State.CHECKING, "refuse": State.REFUSED, "expire": State.REFUSED},
    State.CHECKING: {"publish": State.READY, "refuse": State.REFUSED, "expire": State.REFUSED},
    State.READY: {"expire": State.REFUSED},
    State.REFUSED: {"expire": State.REFUSED},
}
"""What may become of a file: `expire` if no case claims it, otherwise refused or published by the darkroom."""


def states_before(command: str) -> tuple[State, ...]:
    """The states in which `command` is legal; the store changes a file in no other."""
    return tuple(state for state, commands in TRANSITIONS.items() if command in commands)


class Reason(StrEnum):
    """Why a file was refused; the sender is told."""

    WRONG_TYPE = "wrong_type"
    TWO_FACED = "two_faced"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"


class Stage(StrEnum):
    """What the file was sent with; it decides who may see the file."""

    LETTER = "letter"  # 来信
    SUPPLEMENT = "supplement"  # 补充
    WORK = "work"  # 办理记录, after-photos among them


REASONS = {
    Reason.WRONG_TYPE: "不是可以接收的照片或视频格式（照片：JPG、PNG、WebP、HEIC；视频：MP4、MOV、WebM）。",
    Reason.TWO_FACED: "文件里夹带了其他内容，不能接收。",
    Reason.DAMAGED: "文件不完整或已损坏，请重新选择。",
    Reason.TOO_MANY_PIXELS: "画面尺寸过大，请缩小后重新上传。",
    Reason.TOO_LONG: "视频时间过长，请截取后重新上传。",
    Reason.UNREADABLE: "文件无法处理，请换一个文件。",
}

RENDITIONS: dict[Kind, dict[str, tuple[str, str]]] = {
    Kind.PHOTO: {
        "thumb": ("thumb.webp", "image/webp"),
        "large": ("large.webp", "image/webp"),
        "file": ("file.jpg", "image/jpeg"),
    },
    Kind.VIDEO: {
        "thumb": ("thumb.webp", "image/webp"),
        "large": ("large.webp", "image/webp"),
        "file": ("file.mp4", "video/mp4"),
    },
}
"""Each kind's renditions by the last part of their address: name in the object store and content type."""


@dataclass(frozen=True, slots=True)
class Capture:
    """When (UTC) and where (WGS 84, degrees) a picture was taken; kept only with the sender's consent."""

    at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Developed:
    """What the darkroom made of a file: pixels, seconds of a video, and the bytes of each rendition."""

    width: int
    height: int
    seconds: float | None
    capture: Capture
    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Media:
    """One file. Times in UTC.

    `ends` holds where each piece received so far ends, so the last one is the upload's offset. `sizes` gives the bytes
    of each rendition once the file is ready.
    """

    id: str
    kind: Kind
    state: State
    size: int
    consent: bool
    created_at: datetime
    ends: tuple[int, ...] = ()
    reason: Reason | None = None
    number: str | None = None
    stage: Stage | None = None
    unit: str | None = None
    bound_at: datetime | None = None
    capture: Capture = Capture()
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def offset(self) -> int:
        return self.ends[-1] if self.ends else 0


def status_sentence(media: Media) -> str:
    """One Chinese sentence for the sender about the state of the file."""
    if media.state is State.REFUSED:
        return REASONS[media.reason or Reason.UNREADABLE]
    return {State.UPLOADING: "上传中", State.CHECKING: "正在处理", State.READY: "已收下"}[media.state]


def alt(media: Media, position: int) -> str:
    """Alternative text for people who cannot see the picture; `position` counts from 1."""
    whose = "承办单位" if media.stage is Stage.WORK else "诉求人"
    return f"{whose}上传的{'照片' if media.kind is Kind.PHOTO else '视频'}{position}"


def description(media: Media) -> dict[str, Any]:
    """The file as the API describes it to an officer's program."""
    return {
        "id": media.id,
        "kind": media.kind,
        "state": media.state,
        "reason": media.reason,
        "said": status_sentence(media),
        "stage": media.stage,
        "unit": media.unit,
        "bound_at": media.bound_at,
        "taken_at": media.capture.at,
        "latitude": media.capture.latitude,
        "longitude": media.capture.longitude,
        "width": media.width,
        "height": media.height,
        "seconds": media.seconds,
    }
