"""The base of every error that a person or a program is meant to act on."""

from typing import Any


class DomainError(Exception):
    """A refused command: a stable `code`, the `field` at fault if one is, and data for the answer.

    The HTTP status and the Chinese sentence are looked up by code at the edge (`chassis.web.ErrorTable`).
    `str()` is the code alone, so that no personal data reaches a log by way of an exception.
    """

    code = "refused"

    def __init__(self, field: str | None = None, **data: Any) -> None:
        super().__init__(self.code)
        self.field = field
        self.data = data
