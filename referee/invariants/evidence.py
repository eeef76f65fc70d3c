"""What the checker of a run looks at, as plain values: ledgers, files and rows of the four databases."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from referee.evidence import Evidence as Books

Row = Mapping[str, Any]


class Entry(NamedTuple):
    """One event in a service's log, in order of `position`. `time` is the database's clock, `published_at` is real."""

    service: str
    position: int
    published_at: datetime
    type: str
    subject: str
    seq: int
    epoch: int
    restricted: bool
    time: datetime
    data: Row

    @property
    def place(self) -> tuple[int, int]:
        return (self.epoch, self.seq)


class Answer(NamedTuple):
    """What a POST was answered; `status` None when no answer came."""

    status: int | None
    number: str | None = None


class Post(NamedTuple):
    """One letter under its key: what was posted, when first, and all answers."""

    key: str
    body: Row
    at: datetime
    answers: tuple[Answer, ...] = ()

    @property
    def numbers(self) -> frozenset[str]:
        return frozenset(answer.number for answer in self.answers if answer.number)


class Repeat(NamedTuple):
    """The key of an earlier letter once more, with the same body or another."""

    key: str
    same: bool
    status: int | None
    number: str | None


class Hostile(NamedTuple):
    """A request nobody should take, and the marker in its text."""

    marker: str
    kind: str
    status: int | None


class Taken(NamedTuple):
    """A line of the gateway's ledger."""

    at: datetime
    key: str
    to: str
    text: str
    repeat: bool


class Heard(NamedTuple):
    """A delivery to the outside subscriber."""

    source: str
    subject: str
    place: tuple[int, int]


class Fault(NamedTuple):
    at: datetime
    fault: str
    name: str
    target: str
    what: str


class Hit(NamedTuple):
    at: datetime
    failpoint: str
    action: str
    process: str


class Poison(NamedTuple):
    """A message published by hand; `parks`: it must end aside and stay there."""

    consumer: str
    id: str
    subject: str
    kind: str
    parks: bool


class Sample(NamedTuple):
    """A size before the faults or after them: `of` names the process, database or queue."""

    when: str
    of: str
    what: str
    value: float


class Shift(NamedTuple):
    """From `at` (real) on, a service's clock is `seconds` ahead."""

    at: datetime
    service: str
    seconds: float


@dataclass(frozen=True)
class Evidence:
    """Everything at once, read after the system came to rest.

    `books`: what the demo's checker reads. `tables`: rows by `service.table`. `written`: what must hold no person's
    data, by where it is; each is read when it is asked for.
    """

    books: Books
    log: tuple[Entry, ...] = ()
    posts: tuple[Post, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    hostile: tuple[Hostile, ...] = ()
    gateway: tuple[Taken, ...] = ()
    heard: tuple[Heard, ...] = ()
    heard_by: frozenset[tuple[str, str]] = frozenset()  # what the subscriber is bound to: (producer, routing key)
    faults: tuple[Fault, ...] = ()
    hits: tuple[Hit, ...] = ()
    poison: tuple[Poison, ...] = ()
    samples: tuple[Sample, ...] = ()
    shifts: tuple[Shift, ...] = ()
    tables: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    now: Mapping[str, datetime] = field(default_factory=dict)  # service → its clock when it was read
    written: Mapping[str, Iterable[str]] = field(default_factory=dict)

    def rows(self, table: str) -> tuple[Row, ...]:
        """The rows of `service.table`; none if it was not read."""
        return self.tables.get(table, ())

    def cases(self, service: str) -> dict[str, Row]:
        return {row["number"]: row for row in self.rows(f"{service}.cases")}

    def events(self, service: str, *types: str) -> list[Entry]:
        """The events of these types in one service's log, in its order."""
        return [entry for entry in self._of_service[service] if entry.type in types]

    def of(self, service: str, subject: str) -> list[Entry]:
        """The events of one subject, in the order of the log."""
        return self._of_subject[service, subject]

    @cached_property
    def _of_service(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.log:
            found[entry.service].append(entry)
        return found

    @cached_property
    def _of_subject(self) -> dict[tuple[str, str], list[Entry]]:
        found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for entry in self.log:
            found[entry.service, entry.subject].append(entry)
        return found

    @cached_property
    def strangers(self) -> frozenset[str]:
        """Subjects that only exist because a message was published by hand."""
        return frozenset(each.subject for each in self.poison) - self.cases("intake").keys()


def number_of(entry: Entry) -> str:
    """The case an event is about."""
    return str(entry.data.get("case") or entry.data.get("number") or entry.subject)


def moment(value: Any) -> datetime | None:
    """A time of a body or a row; None stays None."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
