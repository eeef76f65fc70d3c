"""What the holder of the query code may still do with a case: add to it, take it back, rate how it ended."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.intake.domain.case import Case, Change, State, raised, withdraw
from services.intake.domain.progress import Progress, stage
from services.intake.errors import IllegalTransition

MOST_SUPPLEMENTS = 20
REOPENS_ONCE = 1
"""The pass after which a dissatisfied resident has the case done again; the pass after it is the last."""
OVER = frozenset({"closed", "refused", "withdrawn"})


class Grade(StrEnum):
    """How satisfied the resident is (R52)."""

    VERY_SATISFIED = "very_satisfied"  # 非常满意
    SATISFIED = "satisfied"  # 满意
    FAIRLY_SATISFIED = "fairly_satisfied"  # 基本满意
    DISSATISFIED = "dissatisfied"  # 不满意
    VERY_DISSATISFIED = "very_dissatisfied"  # 非常不满意


UNHAPPY = frozenset({Grade.DISSATISFIED, Grade.VERY_DISSATISFIED})


@dataclass(frozen=True, slots=True)
class Supplement:
    """What the resident added later; `media` counts the files that came with it. `at` in UTC."""

    text: str
    media: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Rating:
    """What the resident thinks of one pass. `at` in UTC."""

    round: int
    grade: Grade
    comment: str
    at: datetime

    @property
    def reopens(self) -> bool:
        """Whether the case is done again because of it."""
        return self.grade in UNHAPPY and self.round == REOPENS_ONCE


@dataclass(frozen=True, slots=True)
class Held:
    """All that decides what the holder may do."""

    case: Case
    progress: Progress
    supplements: tuple[Supplement, ...] = ()
    ratings: tuple[Rating, ...] = ()

    @property
    def round(self) -> int:
        return self.progress.handling.round if self.progress.handling else 1

    @property
    def rating(self) -> Rating | None:
        """The rating of the pass that is on."""
        return next((each for each in self.ratings if each.round == self.round), None)


def allowed(held: Held) -> list[str]:
    """What may be done now, sorted: `rate`, `supplement`, `withdraw`."""
    return sorted(_allowed(held, stage(held.case, held.progress)))


def supplement(held: Held, added: Supplement, emergency_words: tuple[str, ...] = ()) -> Change:
    """The resident adds to the letter. Raises IllegalTransition."""
    _check(held, "supplement")
    return raised(
        held.case,
        "case.supplemented",
        added.at,
        text=added.text,
        media=added.media,
        emergency_words=list(emergency_words),
    )


def take_back(held: Held, at: datetime) -> Change:
    """The resident takes the letter back: done at once while intake decides, asked of dispatch afterwards.

    Raises IllegalTransition.
    """
    _check(held, "withdraw")
    if held.case.state is State.SUBMITTED:
        return withdraw(held.case, at)
    return raised(replace(held.case, withdrawal_asked_at=at), "case.withdrawal_asked", at)


def rate(held: Held, grade: Grade, comment: str, at: datetime) -> tuple[Rating, Change]:
    """The resident rates the pass that has just ended, once. Raises IllegalTransition."""
    _check(held, "rate")
    rating = Rating(held.round, grade, comment, at)
    return rating, raised(held.case, "case.rated", at, grade=grade, comment=comment, round=rating.round)


def _allowed(held: Held, stage: str) -> Iterator[str]:
    if stage not in OVER and len(held.supplements) < MOST_SUPPLEMENTS:
        yield "supplement"
    if stage not in OVER | {"merged"} and held.case.withdrawal_asked_at is None:
        yield "withdraw"
    if stage == "closed" and held.rating is None:
        yield "rate"


def _check(held: Held, command: str) -> None:
    legal = allowed(held)
    if command not in legal:
        raise IllegalTransition(state=stage(held.case, held.progress), legal=legal)
