"""What the holder of the query code may do, by where the case stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.intake.domain.case import (
    AcceptedBy,
    Case,
    Kind,
    Reason,
    State,
    Statement,
    accept,
    refuse,
    submit,
    withdraw,
)
from services.intake.domain.holder import (
    MOST_SUPPLEMENTS,
    CaseHistory,
    Grade,
    Rating,
    Supplement,
    allowed,
    rate,
    request_withdrawal,
    supplement,
)
from services.intake.domain.progress import STAGES, Handling, Progress
from services.intake.domain.resident_view import GRADE_NAMES, LAST_SENTENCE, REOPENS_SENTENCE, resident_view
from services.intake.errors import IllegalTransition

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
SUBMITTED: Case = submit(Statement(Kind.HELP, "路灯不亮", "公园路", "C03", "named"), "XA20261124000001", NOW, None)[0]
ACCEPTED: Case = accept(SUBMITTED, AcceptedBy.CENTRE, NOW)[0]
ADDED = Supplement("灯杆也歪了", 0, LATER)


def held(state: str | None = None, round: int = 1, **more: object) -> CaseHistory:
    if state is None:
        return CaseHistory(ACCEPTED, Progress())
    part = Handling(state, "C03", "上合社区", NOW, None, None, None, None, round=round)
    return CaseHistory(ACCEPTED, Progress(handling=replace(part, **more)))  # type: ignore[arg-type]


def rated(case: CaseHistory, grade: Grade, round: int = 1) -> CaseHistory:
    return replace(case, ratings=(*case.ratings, Rating(round, grade, "", LATER)))


@pytest.mark.parametrize(
    ("case", "may"),
    [
        (CaseHistory(SUBMITTED, Progress()), ["supplement", "withdraw"]),
        (CaseHistory(ACCEPTED, Progress()), ["supplement", "withdraw"]),
        (CaseHistory(refuse(SUBMITTED, Reason.NO_CONTENT, NOW)[0], Progress()), []),
        (CaseHistory(withdraw(SUBMITTED, NOW)[0], Progress()), []),
        (held("dispatched"), ["supplement", "withdraw"]),
        (held("handed_back"), ["supplement", "withdraw"]),
        (held("handling"), ["supplement", "withdraw"]),
        (held("replied"), ["supplement", "withdraw"]),
        (held("merged"), ["supplement"]),
        (held("merged", closed_at=LATER), ["rate"]),
        (held("closed"), ["rate"]),
        (held("withdrawn"), []),
        (rated(held("closed"), Grade.DISSATISFIED), []),
        (rated(held("handling", round=2), Grade.DISSATISFIED), ["supplement", "withdraw"]),
        (rated(held("closed", round=2), Grade.DISSATISFIED), ["rate"]),
    ],
)
def test_what_may_be_done_follows_from_where_the_case_stands(case: CaseHistory, may: list[str]) -> None:
    assert allowed(case) == may
    view = resident_view(case)
    assert [word for word in ("rate", "supplement", "withdraw") if view[f"can_{word}"]] == may


@pytest.mark.parametrize("state", sorted(STAGES))
def test_what_is_not_allowed_is_refused_and_names_what_is(state: str) -> None:
    case = held(state)
    for command, act in (
        ("supplement", lambda: supplement(case, ADDED)),
        ("withdraw", lambda: request_withdrawal(case, LATER)),
        ("rate", lambda: rate(case, Grade.SATISFIED, "", LATER)),
    ):
        if command in allowed(case):
            act()
            continue
        with pytest.raises(IllegalTransition) as refused:
            act()
        assert refused.value.data["legal"] == allowed(case)


def test_a_supplement_travels_as_one_event_and_leaves_the_case_as_it_was() -> None:
    case, [raised] = supplement(held("handling"), replace(ADDED, media=2), ("着火",))
    assert (case.state, case.version) == (State.ACCEPTED, ACCEPTED.version + 1)
    assert raised.type == "case.supplemented" and raised.data["at"] == LATER
    assert (raised.data["text"], raised.data["media"], raised.data["emergency_words"]) == ("灯杆也歪了", 2, ["着火"])


def test_supplements_come_to_an_end() -> None:
    assert "supplement" not in allowed(replace(held("handling"), supplements=(ADDED,) * MOST_SUPPLEMENTS))


def test_while_intake_decides_a_letter_is_withdrawn_at_once() -> None:
    case, [raised] = request_withdrawal(CaseHistory(SUBMITTED, Progress()), LATER)
    assert (case.state, raised.type) == (State.WITHDRAWN, "case.withdrawn")


def test_once_accepted_a_withdrawal_is_a_wish_and_asked_once() -> None:
    case, [raised] = request_withdrawal(held("handling"), LATER)
    assert (case.state, raised.type, case.withdrawal_asked_at) == (State.ACCEPTED, "case.withdrawal_asked", LATER)
    asked = replace(held("handling"), case=case)
    assert "withdraw" not in allowed(asked) and resident_view(asked)["withdrawal_asked"] is True
    answered = replace(held("withdrawn", withdrawn_at=LATER + timedelta(minutes=1)), case=case)
    view = resident_view(answered)
    assert (view["state"], view["withdrawal_asked"]) == ("withdrawn", False)
    assert [step.step for step in view["steps"]][-2:] == ["withdrawal_asked", "withdrawn"]


def test_a_rating_is_of_the_pass_that_has_just_ended() -> None:
    rating, (_, [raised]) = rate(held("closed"), Grade.FAIRLY_SATISFIED, "慢了些", LATER)
    assert (rating.round, rating.reopens) == (1, False)
    assert (raised.data["grade"], raised.data["comment"], raised.data["round"]) == ("fairly_satisfied", "慢了些", 1)


def test_the_first_dissatisfied_rating_reopens_and_the_second_does_not_and_both_are_told_before() -> None:
    first = held("closed")
    assert resident_view(first)["rating_sentence"] == REOPENS_SENTENCE
    rating, _ = rate(first, Grade.VERY_DISSATISFIED, "", LATER)
    assert rating.reopens and resident_view(rated(first, rating.grade))["rating"]["reopens"] is True
    second = rated(held("closed", round=2), Grade.VERY_DISSATISFIED)
    assert resident_view(second)["rating_sentence"] == LAST_SENTENCE
    assert not rate(second, Grade.DISSATISFIED, "", LATER)[0].reopens


def test_every_grade_has_a_name() -> None:
    assert GRADE_NAMES.keys() == set(Grade)
