"""Cases found by words, and cases that may be about the same matter as another one."""

from dataclasses import dataclass

from sqlalchemy import Connection

from services.dispatch import store
from services.dispatch.domain.case import Case
from services.dispatch.domain.likeness import ALIKE, SHORTEST, likeness, pairs, plain
from services.dispatch.domain.requests import Search
from services.dispatch.errors import CaseNotFound, WordTooShort


@dataclass(frozen=True, slots=True)
class Near:
    """A case proposed as a repeat, and why: same_telephone, same_place, or both."""

    entry: store.Entry
    reasons: tuple[str, ...]
    likeness: float


def search(tx: Connection, scopes: frozenset[str], query: Search) -> list[store.Entry]:
    """Up to `limit` cases that `scopes` see, newest first. Raises WordTooShort."""
    if any(len(plain(word)) < SHORTEST for word in query.words.split()):
        raise WordTooShort("words")
    return store.search(tx, scopes, query)


def near(tx: Connection, number: str, scopes: frozenset[str]) -> list[Near]:
    """Cases from the same telephone, or of the same place with a similar text within seven days (X11), likest first.

    They are only proposed: nothing is merged by itself, and `scopes` limit what is shown. Raises CaseNotFound.
    """
    case = store.find_case(tx, number, scopes)
    if case is None:
        raise CaseNotFound
    own = _pairs(case)
    found = [_judged(each, own) for each in store.neighbours(tx, case, scopes)]
    return sorted((each for each in found if each.reasons), key=lambda each: -each.likeness)


def _pairs(case: Case) -> frozenset[str]:
    return pairs(plain(f"{case.letter.text}{case.letter.place}")) if case.letter else frozenset()


def _judged(neighbour: store.Neighbour, own: frozenset[str]) -> Near:
    share = likeness(own, neighbour.pairs)
    reasons = (("same_telephone", neighbour.same_telephone), ("same_place", share >= ALIKE))
    return Near(neighbour.entry, tuple(reason for reason, holds in reasons if holds), share)
