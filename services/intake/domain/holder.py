"""What the holder of the query code may still do with a case: add to it, withdraw it, rate how it ended."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.intake.domain.case import Case, Change, State, raised, withdraw
from services.intake.domain.progress import Progress, stage_of
from services.intake.errors import IllegalTransition

MOST_SUPPLEMENTS = 20
REOPENS_ONCE = 1
"""The pass after which a dissatisfied rating reopens the case; the next pass is the last."""
ENDED = frozenset({"closed", "refused", "withdrawn"})


class Grade(StrEnum):
    """How satisfied the resident is (R52)."""

    VERY_SATISFIED = "very_satisfied"  # 非常满意
    SATISFIED = "satisfied"  # 满意
    FAIRLY_SATISFIED = "fairly_satisfied"  # 基本满意
    DISSATISFIED = "dissatisfied"  # 不满意
    VERY_DISSATISFIED = "very_dissatisfied"  # 非常不满意


REOPENING_GRADES = frozenset({Grade.DISSATISFIED, Grade.VERY_DISSATISFIED})


@dataclass(frozen=True, slots=True)
class Supplement:
    """What the resident added later. `media` counts the files that came with it; `at` is in UTC."""

    text: str
    media: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Rating:
    """How satisfied the resident is with one pass; `at` is in UTC."""

    round: int
    grade: Grade
    comment: str
    at: datetime

    @property
    def reopens(self) -> bool:
        """Whether this rating reopens the case."""
        return self.grade in REOPENING_GRADES and self.round == REOPENS_ONCE


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """A case and everything that has happened to it: what decides what its holder may do."""

    case: Case
    progress: Progress
    supplements: tuple[Supplement, ...] = ()
    ratings: tuple[Rating, ...] = ()

    @property
    def round(self) -> int:
        return self.progress.handling.round if self.progress.handling else 1

    @property
    def rating(self) -> Rating | None:
        """The rating of the current pass, if there is one."""
        return next((each for each in self.ratings if each.round == self.round), None)


def allowed(history: CaseHistory) -> list[str]:
    """The commands that are legal now, sorted: any of `rate`, `supplement`, `withdraw`."""
    return sorted(_allowed(history, stage_of(history.case, history.progress)))


def supplement(history: CaseHistory, added: Supplement, emergency_words: tuple[str, ...] = ()) -> Change:
    """The resident adds to the letter. Raises IllegalTransition."""
    _check(history, "supplement")
    return raised(
        history.case,
        "case.supplemented",
        added.at,
        text=added.text,
        media=added.media,
        emergency_words=list(emergency_words),
    )


def request_withdrawal(history: CaseHistory, at: datetime) -> Change:
    """The resident withdraws the letter: at once while intake decides, as a request to dispatch afterwards.

    Raises IllegalTransition.
    """
    _check(history, "withdraw")
    if history.case.state is State.SUBMITTED:
        return withdraw(history.case, at)
    return raised(replace(history.case, withdrawal_asked_at=at), "case.withdrawal_asked", at)


def rate(history: CaseHistory, grade: Grade, comment: str, at: datetime) -> tuple[Rating, Change]:
    """The resident rates the pass that has just ended, once per pass. Raises IllegalTransition."""
    _check(history, "rate")
    rating = Rating(history.round, grade, comment, at)
    return rating, raised(history.case, "case.rated", at, grade=grade, comment=comment, round=rating.round)


def _allowed(history: CaseHistory, stage: str) -> Iterator[str]:
    if stage not in ENDED and len(history.supplements) < MOST_SUPPLEMENTS:
        yield "supplement"
    if stage not in ENDED | {"merged"} and history.case.withdrawal_asked_at is None:
        yield "withdraw"
    if stage == "closed" and history.rating is None:
        yield "rate"


def _check(history: CaseHistory, command: str) -> None:
    legal = allowed(history)
    if command not in legal:
        raise IllegalTransition(state=stage_of(history.case, history.progress), legal=legal)
