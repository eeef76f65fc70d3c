"""A photo or a video of a case: how much may come in, what becomes of it, and who may see it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.intake.domain import file_type
from services.intake.errors import TooManyFiles, UploadTooLarge, WrongOffset

CHUNK = 2 << 20
"""Largest piece of an upload, in bytes."""
SMALLEST = 64 << 10
"""Smallest piece of an upload but its last, in bytes: nobody makes ten thousand pieces of a file."""


class Kind(StrEnum):
    PHOTO = "photo"  # 照片
    VIDEO = "video"  # 视频


class State(StrEnum):
    UPLOADING = "uploading"  # 上传中
    CHECKING = "checking"  # 正在处理
    READY = "ready"  # 可以查看
    REFUSED = "refused"  # 未能收下


class Reason(StrEnum):
    """Why a file was refused; told to who sent it."""

    WRONG_TYPE = "wrong_type"
    TWO_FACED = "two_faced"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"


class Stage(StrEnum):
    """With what the file came: it decides who may see it."""

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
"""What is shown of a file, by kind and the last part of its address: name in the object store and content type."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may come in: sizes in bytes, files of one letter, supplement or work log, and of one case in all."""

    photo_bytes: int
    video_bytes: int
    photos: int
    videos: int
    per_case: int

    def most(self, kind: Kind) -> int:
        return self.photo_bytes if kind is Kind.PHOTO else self.video_bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """When (UTC) and where (WGS 84, degrees) a picture was taken; kept only with its sender's consent."""

    at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """One file. `ends` are where the pieces received so far end, so the last is the offset; `sizes` the bytes of each
    rendition once it is ready. Times in UTC."""

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
    taken: Taken = Taken()
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)

    @property
    def offset(self) -> int:
        return self.ends[-1] if self.ends else 0


@dataclass(frozen=True, slots=True)
class Sight:
    """What decides who sees a case's media: dispatch's part, empty until dispatch has spoken."""

    state: str | None = None
    unit: str | None = None
    scopes: tuple[str, ...] | None = None
    helpers: tuple[str, ...] = ()
    restricted: bool = False


OVERSEEING = frozenset({"centre", "leader", "supervisor"})
ANSWERED = frozenset({"replied", "closed"})
"""States of dispatch in which the resident sees what the unit photographed."""


def check_size(kind: Kind, size: int, allowance: Allowance, field: str = "Upload-Length") -> None:
    """Raises UploadTooLarge, naming the field the file came in."""
    if size > allowance.most(kind):
        raise UploadTooLarge(field, kind=str(kind), most=allowance.most(kind))


def check_piece(media: Media, offset: int, length: int) -> int:
    """Where a piece of `length` bytes at `offset` ends. Raises WrongOffset, UploadTooLarge."""
    if media.state is not State.UPLOADING or offset != media.offset:
        raise WrongOffset(offset=media.offset)
    end = offset + length
    if end > media.size or length > CHUNK:
        raise UploadTooLarge("Upload-Offset", most=min(CHUNK, media.size - offset))
    if length < SMALLEST and end < media.size:
        raise UploadTooLarge("Upload-Offset", least=min(SMALLEST, media.size - offset))
    return end


def check_type(kind: Kind, head: bytes) -> Reason | None:
    """Why a file that begins with `head` can't be one of `kind`; None if it can."""
    found = file_type.of(head)
    wanted = file_type.PHOTOS if kind is Kind.PHOTO else file_type.VIDEOS
    return None if found in wanted else Reason.WRONG_TYPE


def check_count(coming: Sequence[Media], there: Sequence[Media], allowance: Allowance) -> None:
    """Whether the case may take these files beside those it has. Raises TooManyFiles."""
    kinds = [each.kind for each in coming]
    if kinds.count(Kind.PHOTO) > allowance.photos or kinds.count(Kind.VIDEO) > allowance.videos:
        raise TooManyFiles("media", photos=allowance.photos, videos=allowance.videos)
    if len(coming) + len(there) > allowance.per_case:
        raise TooManyFiles("media", photos=allowance.photos, videos=allowance.videos)


def officer_sees(sight: Sight, roles: Collection[str], unit: str | None, scopes: Collection[str]) -> bool:
    """Whether an officer may see the case's media; dispatch's scopes decide alone once they are there."""
    if sight.scopes is not None:
        return bool(set(sight.scopes) & set(scopes))
    if OVERSEEING & set(roles):
        return True
    units = {sight.unit, *(() if sight.restricted else sight.helpers)} - {None}
    return "unit" in roles and unit in units


def resident_sees(media: Media, sight: Sight) -> bool:
    """Whether the resident of the case may see it: what the unit photographed once the case is answered."""
    return media.stage is not Stage.WORK or sight.state in ANSWERED


def said(media: Media) -> str:
    """One sentence about how the file stands, for who sent it."""
    if media.state is State.REFUSED:
        return REASONS[media.reason or Reason.UNREADABLE]
    return {State.UPLOADING: "上传中", State.CHECKING: "正在处理", State.READY: "已收下"}[media.state]


def alt(media: Media, position: int) -> str:
    """The words for who can't see the picture, `position` counted from 1."""
    whose = "承办单位" if media.stage is Stage.WORK else "诉求人"
    return f"{whose}上传的{'照片' if media.kind is Kind.PHOTO else '视频'}{position}"


def shown(media: Media) -> dict[str, Any]:
    """The file as an officer's program reads it."""
    return {
        "id": media.id,
        "kind": media.kind,
        "state": media.state,
        "reason": media.reason,
        "said": said(media),
        "stage": media.stage,
        "unit": media.unit,
        "bound_at": media.bound_at,
        "taken_at": media.taken.at,
        "latitude": media.taken.latitude,
        "longitude": media.taken.longitude,
        "width": media.width,
        "height": media.height,
        "seconds": media.seconds,
    }
