"""What is wrong with a run, invariant by invariant."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from referee.verdicts import DOUBLED, LOST
from referee.verdicts import Finding as OfTheDemo

__all__ = ["DOUBLED", "EARLY", "LATE", "LEAKED", "LEFT", "LOST", "REORDERED", "WRONG", "Finding", "taken_over"]
EARLY, LATE, REORDERED, WRONG, LEFT, LEAKED = "early", "late", "reordered", "wrong", "left", "leaked"


class Finding(NamedTuple):
    """One thing that is wrong; `about` names a case, a key, a queue, never a person."""

    invariant: str
    kind: str
    what: str
    about: str


def taken_over(invariant: str, found: Iterable[OfTheDemo], *kinds: str) -> Iterator[Finding]:
    """The demo's findings of these kinds, under an invariant's number."""
    for each in found:
        if not kinds or each.kind in kinds:
            yield Finding(invariant, *each)
