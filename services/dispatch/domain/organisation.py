"""The organisation 1+21+13+N (R01): one centre, communities, offices, rapid teams. Numbers are data, not code."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

CENTRE = "CENTRE"
KINDS = ("centre", "community", "office", "rapid_team")
POSTS = ("duty", "head", "leader")  # who is on duty, the first responsible person (R06), the leader in charge (R07)

MOBILE = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True, slots=True)
class Contact:
    """One post of a unit and the service telephone that belongs to it."""

    name: str
    mobile: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that cases are sent to. `aliases` are the words by which residents name it in letters."""

    code: str
    name: str
    kind: str
    active: bool = True
    aliases: tuple[str, ...] = ()
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    version: int = 0

    def names(self) -> tuple[str, ...]:
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Organisation:
    """All units, closed ones too, by code."""

    units: Mapping[str, Unit] = field(default_factory=dict)

    def can_receive(self, code: str) -> bool:
        unit = self.units.get(code)
        return unit is not None and unit.active

    def name_of(self, code: str | None) -> str | None:
        """The unit's name; the code itself when the unit is unknown, as an imported case may state one."""
        if code is None:
            return None
        return self.units[code].name if code in self.units else code

    def communities_in(self, text: str) -> frozenset[str]:
        """The communities that the text calls by their full name (灵芝社区, not the metro station 灵芝)."""
        return frozenset(u.code for u in self.units.values() if u.kind == "community" and u.name in text)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the difference between the stored organisation and a file."""

    unit: Unit
    was: Unit | None

    def __str__(self) -> str:
        if self.was is None:
            return f"+ {self.unit.code} {self.unit.name}"
        fields = ("name", "kind", "active", "aliases", "contacts")
        changed = [f for f in fields if getattr(self.was, f) != getattr(self.unit, f)]
        # Telephone numbers of posts stay out of terminals and logs: only the names of the changed fields are shown.
        return f"~ {self.unit.code} {self.unit.name}: {', '.join(changed)}"


def problems(units: Sequence[Unit], stored: Organisation) -> list[str]:
    """Every reason why `units` can't become the organisation, as sentences for the operator; empty if it can."""
    codes = [u.code for u in units]
    names = [u.name for u in units]
    found = [f"{code} occurs twice" for code in _twice(codes)] + [f"the name {n} occurs twice" for n in _twice(names)]
    if [u.code for u in units if u.kind == "centre"] != [CENTRE]:
        found.append(f"exactly one unit of kind centre is needed, with the code {CENTRE}")
    for gone in sorted(stored.units.keys() - set(codes)):
        found.append(f'{gone} is missing: a unit is closed with "active": false, it never disappears')
    for unit in units:
        found += _contact_problems(unit)
    return found


def changes(stored: Organisation, units: Iterable[Unit]) -> list[Change]:
    """What loading `units` would change, in the order of the file; each unit's version rises by one."""
    found = []
    for unit in units:
        was = stored.units.get(unit.code)
        version = was.version if was else 0
        if was != replace(unit, version=version):
            found.append(Change(replace(unit, version=version + 1), was))
    return found


def _contact_problems(unit: Unit) -> list[str]:
    missing = [f"{unit.code} has no {post}" for post in POSTS if post not in unit.contacts]
    wrong = [
        f"{unit.code}: the mobile of {post} is not a mobile number"
        for post, contact in unit.contacts.items()
        if not MOBILE.fullmatch(contact.mobile)
    ]
    return missing + wrong


def _twice(values: Sequence[str]) -> list[str]:
    return sorted({v for v in values if values.count(v) > 1})
