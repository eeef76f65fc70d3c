"""A place in the list of cases by time left, as a page hands it to the next one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.sla.errors import BadCursor


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list by time left: the due time (text, `infinity` where no clock runs) and the number."""

    due: str
    number: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Cursor":
        return cls(row["due"].isoformat() if row["due"] else "infinity", row["number"])

    @classmethod
    def read(cls, written: str) -> "Cursor":
        """Raises BadCursor."""
        due, _, number = written.partition("~")
        try:
            if due != "infinity" and datetime.fromisoformat(due).tzinfo is None:
                raise BadCursor("after")
        except ValueError:
            raise BadCursor("after") from None
        return cls(due, number)

    def written(self) -> str:
        return f"{self.due}~{self.number}"


FIRST = Cursor("-infinity", "")
