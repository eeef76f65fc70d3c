"""The duty list (职责清单, domain.md B12): which unit handles what, found by the words residents use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from services.dispatch.domain.organisation import Organisation

COMMUNITY = "community"  # as lead: the community of the place
COMPLEXITIES = ("simple", "complex")


@dataclass(frozen=True, slots=True)
class Duty:
    """One item of the list. `lead` is a unit's code or "community".

    Dates are days in Asia/Shanghai, `valid_to` excluded. Keywords have at least two characters.
    """

    code: str
    category: str
    name: str
    keywords: tuple[str, ...]
    lead: str
    complexity: str
    valid_from: date
    helpers: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    priority: bool = False
    sensitive: bool = False
    legal_basis: str = ""
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Words:
    """Words that set a flag whatever the matter is: many people, a danger to public order, work for several units."""

    priority: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    complex: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DutyList:
    """One version of the list, ended items included so that old cases stay readable."""

    version: str = ""
    words: Words = Words()
    duties: Mapping[str, Duty] = field(default_factory=dict)
    _index: Mapping[str, list[tuple[str, str]]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index: dict[str, list[tuple[str, str]]] = {}
        for duty in self.duties.values():
            for word in duty.keywords:
                index.setdefault(word[:2], []).append((word, duty.code))
        object.__setattr__(self, "_index", index)

    def found_in(self, text: str, day: date) -> dict[Duty, tuple[str, ...]]:
        """The duties valid on `day` whose words `text` uses, in the order of the list, with those words.

        Words are looked up by their first two characters: looking for each of a thousand words takes ten times as long.
        """
        begun = {text[i : i + 2] for i in range(len(text) - 1)} & self._index.keys()
        used = [(code, word) for start in begun for word, code in self._index[start] if word in text]
        words: dict[str, list[str]] = {}
        for code, word in sorted(used):
            words.setdefault(code, []).append(word)
        return {d: tuple(words[code]) for code, d in self.duties.items() if code in words and d.valid_on(day)}

    def categories(self) -> frozenset[str]:
        return frozenset(duty.category for duty in self.duties.values())


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the difference between the stored list and a file."""

    duty: Duty
    was: Duty | None

    def __str__(self) -> str:
        sign = "+" if self.was is None else "-" if self.duty.valid_to and not self.was.valid_to else "~"
        return f"{sign} {self.duty.code} {self.duty.name}"


def problems(duties: Sequence[Duty], organisation: Organisation) -> list[str]:
    """Every reason why `duties` can't become the list, as sentences for the operator; empty if it can."""
    codes = [d.code for d in duties]
    found = [f"{code} occurs twice" for code in sorted({c for c in codes if codes.count(c) > 1})]
    for duty in duties:
        leads = () if duty.lead == COMMUNITY else (duty.lead,)
        found += [
            f"{duty.code} names {unit}, which is no open unit"
            for unit in (*leads, *duty.helpers)
            if not organisation.can_receive(unit)
        ]
        if not duty.keywords:
            found.append(f"{duty.code} has no keywords")
        if duty.lead in duty.helpers:
            found.append(f"{duty.code} names {duty.lead} both as lead and as helper")
    return found


def changes(stored: DutyList, duties: Iterable[Duty], today: date) -> list[Change]:
    """What loading `duties` would change: new and changed items, and items missing from the file ended `today`."""
    wanted = {duty.code: duty for duty in duties}
    found = [Change(duty, stored.duties.get(code)) for code, duty in wanted.items() if stored.duties.get(code) != duty]
    gone = [d for code, d in stored.duties.items() if code not in wanted and d.valid_to is None]
    return found + [Change(replace(duty, valid_to=today), duty) for duty in gone]
