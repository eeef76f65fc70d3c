"""The public directory (R113): whom a resident may call, by community and grid, and when each line was last checked."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.dispatch.domain.organisation import Organisation

LEADER, SECRETARY, POLICE, GRID = "leader", "secretary", "police", "grid"
POSTS = {LEADER: "街道领导", SECRETARY: "社区书记", POLICE: "社区警长", GRID: "网格长"}
FRESH_FOR = timedelta(days=90)
TELEPHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|1[12]\d")


@dataclass(frozen=True, slots=True)
class Entry:
    """One post and who holds it. A leader belongs to the whole street and has no community; only a grid has a `grid`.

    `checked_on` is a day in Asia/Shanghai: when somebody last saw that the number reaches this person.
    """

    code: str
    post: str
    name: str
    telephone: str
    checked_on: date
    community: str | None = None
    grid: str = ""

    def is_stale(self, today: date) -> bool:
        """Nobody has checked it for more than `FRESH_FOR`; the page says so beside it."""
        return today - self.checked_on > FRESH_FOR


@dataclass(frozen=True, slots=True)
class Directory:
    """The entries in the order of the file, with the version the file calls itself."""

    version: str = ""
    entries: tuple[Entry, ...] = ()

    def leaders(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.community is None]

    def of(self, community: str) -> list[Entry]:
        """Whom the residents of `community` may call there, without the leaders of the street."""
        return [entry for entry in self.entries if entry.community == community]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the difference between the stored directory and a file; names of fields, never a number."""

    code: str
    is_: Entry | None
    was: Entry | None = None
    fields: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        if self.is_ is None:
            return f"- {self.code}"
        return f"+ {self.code} {self.is_.name}" if self.was is None else f"~ {self.code}: {', '.join(self.fields)}"


def problems(entries: Sequence[Entry], organisation: Organisation, today: date) -> list[str]:
    """Every reason why `entries` can't become the directory, as sentences for the operator; empty if they can."""
    codes = [entry.code for entry in entries]
    found = [f"{code} occurs twice" for code in sorted({c for c in codes if codes.count(c) > 1})]
    communities = {unit.code for unit in organisation.units.values() if unit.kind == "community" and unit.active}
    for entry in entries:
        found += _problems(entry, communities, today)
    return found


def changes(stored: Directory, entries: Iterable[Entry]) -> list[Change]:
    """What loading `entries` would change: new, changed, and gone ones, which disappear from the page at once."""
    was = {entry.code: entry for entry in stored.entries}
    wanted: Mapping[str, Entry] = {entry.code: entry for entry in entries}
    found = [Change(c, e, was.get(c), _differing(was.get(c), e)) for c, e in wanted.items() if was.get(c) != e]
    return found + [Change(code, None, was[code]) for code in was if code not in wanted]


def _problems(entry: Entry, communities: set[str], today: date) -> list[str]:
    found = []
    if entry.post == LEADER and entry.community is not None:
        found.append(f"{entry.code} is a leader of the whole street and names a community")
    if entry.post != LEADER and entry.community not in communities:
        found.append(f"{entry.code} names {entry.community}, which is no open community")
    if (entry.post == GRID) != bool(entry.grid):
        found.append(f"{entry.code}: a grid leader has a grid, and nobody else has")
    if not TELEPHONE.fullmatch(entry.telephone):
        found.append(f"{entry.code}: the telephone is not one")
    if entry.checked_on > today:
        found.append(f"{entry.code} was checked on a day that has not come")
    return found


def _differing(was: Entry | None, is_: Entry) -> tuple[str, ...]:
    return tuple(n for n in Entry.__slots__ if n != "code" and was and getattr(was, n) != getattr(is_, n))
