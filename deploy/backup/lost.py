"""What a restored service no longer knows that it told others: asked of its readers, who remember how far they read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.backup.tables import reading

# The newest number a service gave out, for every subject of its events.
OWN = {
    "intake": "select number, version from cases",
    "dispatch": "select number, version from cases union all select code, version from units",
    "sla": "select number, version from cases",
    "notify": "select id::text, version from messages union all select id::text, version from letters",
}
SEEN = "select subject, epoch, last_seq from seen where source like %s"


@dataclass(frozen=True)
class Lost:
    """One subject whose last events a reader had and the restored service has not; `own` is 0 where it is unknown."""

    subject: str
    own: int
    read: int
    reader: str

    def __str__(self) -> str:
        known = f"known up to event {self.own}" if self.own else "not known here at all"
        return f"{self.subject}: {known}; {self.reader} has read event {self.read}"


@dataclass(frozen=True)
class ReadPositions:
    """How far the readers of one service came, before it was set back: its highest epoch, and by subject."""

    epoch: int
    subjects: dict[str, tuple[int, str]]

    def lost(self, own: Mapping[str, int]) -> list[Lost]:
        """Compared with what the restored service knows, in order of subject."""
        return [
            Lost(subject, own.get(subject, 0), read, reader)
            for subject, (read, reader) in sorted(self.subjects.items())
            if read > own.get(subject, 0)
        ]


def read_positions(urls: Mapping[str, str], service: str, deadline: float) -> ReadPositions:
    """Asks the other services' databases. Raises Trouble when one does not answer."""
    subjects: dict[str, tuple[int, int, str]] = {}
    for reader, url in urls.items():
        if reader == service:
            continue
        with reading(url, deadline) as cursor:
            cursor.execute(SEEN, (f"%/{service}",))
            for subject, epoch, seq in cursor.fetchall():
                subjects[subject] = max(subjects.get(subject, (0, 0, "")), (epoch, seq, reader))
    epoch = max((epoch for epoch, _, _ in subjects.values()), default=0)
    return ReadPositions(epoch, {subject: (seq, reader) for subject, (_, seq, reader) in subjects.items()})


def own_positions(cursor: Any, service: str) -> dict[str, int]:
    """The newest number of each subject in the service's own database."""
    cursor.execute(OWN[service])
    return dict(cursor.fetchall())
