"""A place in a list of cases, as one page hands it to the next."""

from dataclasses import dataclass
from datetime import datetime

from services.dispatch.errors import BadCursor

ENDLESS = "infinity"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list by time left: the due time (text, `infinity` where no clock runs) and the number."""

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
