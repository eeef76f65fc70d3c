"""A place in a list ordered by time and number, as one page hands it to the next."""

from dataclasses import dataclass
from datetime import datetime

from chassis.errors import DomainError

ENDLESS = "infinity"


class BadCursor(DomainError):
    """`after` is not what the page before it gave."""

    code = "bad_cursor"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: its time (text; `infinity` where it has none) and its number."""

    due: str
    number: str

    @classmethod
    def of(cls, due: datetime | None, number: str) -> "Cursor":
        return cls(due.isoformat() if due else ENDLESS, number)

    @classmethod
    def read(cls, written: str) -> "Cursor":
        """The start of the list for an empty text. Raises BadCursor."""
        due, _, number = written.partition("~")
        try:
            if written and due != ENDLESS and datetime.fromisoformat(due).tzinfo is None:
                raise BadCursor("after")
        except ValueError:
            raise BadCursor("after") from None
        return cls(due or "-infinity", number)

    def written(self) -> str:
        return f"{self.due}~{self.number}"
