"""The confined process's answer."""

from dataclasses import dataclass


class Refused(Exception):
    """The file cannot be accepted; `reason` is one of services.intake.domain.media.Reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Result:
    """Size in pixels, length in seconds, and with consent when (ISO 8601, UTC) and where (degrees) it was taken."""

    width: int
    height: int
    seconds: float | None = None
    at: str | None = None
    latitude: float | None = None
    longitude: float | None = None
