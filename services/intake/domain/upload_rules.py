"""How much may be uploaded, in which pieces, and as what type of file."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.domain import file_type
from services.intake.domain.media import Kind, Media, Reason, State
from services.intake.errors import TooManyFiles, UploadTooLarge, WrongOffset

CHUNK = 2 << 20
"""Largest piece of an upload, in bytes."""
SMALLEST = 64 << 10
"""Smallest piece of an upload except the last, in bytes, so that nobody cuts a file into ten thousand pieces."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much may come in.

    Sizes are in bytes; `photos` and `videos` count the files of one letter, supplement or work log entry, `per_case`
    those of a whole case.
    """

    photo_bytes: int
    video_bytes: int
    photos: int
    videos: int
    per_case: int

    def most(self, kind: Kind) -> int:
        return self.photo_bytes if kind is Kind.PHOTO else self.video_bytes


def check_size(kind: Kind, size: int, allowance: Allowance, field: str = "Upload-Length") -> None:
    """Raises UploadTooLarge, naming the field in which the file came."""
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
    """Why a file that begins with `head` cannot be of this `kind`; None if it can."""
    found = file_type.of(head)
    wanted = file_type.PHOTOS if kind is Kind.PHOTO else file_type.VIDEOS
    return None if found in wanted else Reason.WRONG_TYPE


def check_count(new: Sequence[Media], existing: Sequence[Media], allowance: Allowance) -> None:
    """Raises TooManyFiles unless the case may take these files in addition to the ones it has."""
    kinds = [each.kind for each in new]
    if kinds.count(Kind.PHOTO) > allowance.photos or kinds.count(Kind.VIDEO) > allowance.videos:
        raise TooManyFiles("media", photos=allowance.photos, videos=allowance.videos)
    if len(new) + len(existing) > allowance.per_case:
        raise TooManyFiles("media", photos=allowance.photos, videos=allowance.videos)
