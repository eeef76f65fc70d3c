"""What a caller asks for, checked by the schema it came in by."""

from dataclasses import dataclass

from services.intake.domain.case import Reason, State
from services.intake.domain.holder import Grade
from services.intake.domain.media import Kind


@dataclass(frozen=True, slots=True)
class SupplementRequest:
    """What the resident adds to the letter."""

    text: str


@dataclass(frozen=True, slots=True)
class RatingRequest:
    """How satisfied the resident is, and why."""

    grade: Grade
    comment: str


@dataclass(frozen=True, slots=True)
class RefusalRequest:
    """Why the centre refuses the case."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class RevealRequest:
    """Why an officer needs the writer's full name and telephone."""

    reason: str


@dataclass(frozen=True, slots=True)
class CaseListRequest:
    """At most `limit` cases of one state, or of all, that follow the case numbered `after`."""

    state: State | None
    after: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class QrCodeRequest:
    """Where a new QR code will hang; without a community it stands for the whole street."""

    community: str | None
    place: str
    label: str


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A file about to be uploaded: `size` in bytes, `consent` to keep when and where it was taken.

    `token` is the secret the client has chosen; without one it is given one.
    """

    kind: Kind
    size: int
    consent: bool
    token: str | None = None
