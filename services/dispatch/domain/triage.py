"""Triage (研判, R22): which unit should lead, by the duty list's words and the community, and the rule that chose it.

The rule dispatches by itself only when it is sure: being unsure costs a look by the centre, being wrong costs a
resident the first day. So one lead unit must be left, for a letter that is about no unit and carries no emergency.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from services.dispatch.domain.arrival import record_import, triage
from services.dispatch.domain.case import Case, Fact, Letter, Study
from services.dispatch.domain.dispatching import Order, dispatch
from services.dispatch.domain.duties import COMMUNITY, Duty, DutyList
from services.dispatch.domain.organisation import Organisation
from services.dispatch.domain.restriction import object_of

SHANGHAI = timezone(timedelta(hours=8))  # no summer time since 1991
HEADING = 40  # characters: a letter mostly says in its first sentence what it wants
HEADING_WEIGHT = 3
SURE = 8  # score: a three-character word in the heading, or several words further down (README: measured)
RIVAL = 0.5  # share of the best score from which another duty is still a serious candidate


@dataclass(frozen=True, slots=True)
class Candidate:
    """A duty that the letter may fall under; `lead` is None if it is the community's and the community is unknown."""

    duty: Duty
    score: int
    words: tuple[str, ...]
    lead: str | None


def begin(case: Case, organisation: Organisation, duties: DutyList, now: datetime) -> tuple[Case, list[Fact]]:
    """What follows once letter and acceptance are both here: an import is recorded as stated, all else is studied.

    An automatic study dispatches the case at once. `now` is aware UTC.
    """
    assert case.letter is not None
    if case.imported is not None:
        name = organisation.name_of(case.imported.unit)
        return record_import(case, case.imported, name, object_of(case.letter, organisation))
    result = study(case.letter, organisation, duties, now.astimezone(SHANGHAI).date())
    case, facts = triage(case, result, now)
    if not result.automatic:
        return case, facts
    case, dispatched = dispatch(case, _order(result, organisation), "rule", now)
    return case, facts + dispatched


def study(letter: Letter, organisation: Organisation, duties: DutyList, day: date) -> Study:
    """Studies a letter by the duties valid on `day` (a date in Asia/Shanghai)."""
    about = object_of(letter, organisation)
    ranked = candidates(letter, organisation, duties, day)
    best = ranked[0] if ranked else None
    suggestion = best.lead if best and best.lead and _may_act(best.lead, organisation, about) else None
    doubts = _doubts(letter, ranked, suggestion, about)
    return Study(
        rule=_rule(best, doubts),
        suggestion=suggestion,
        helpers=_helpers(best, suggestion, organisation, about),
        category=best.duty.category if best else None,
        complexity=_complexity(best, letter, duties),
        priority=bool(best and best.duty.priority) or _any(duties.words.priority, letter.text),
        sensitive=bool(best and best.duty.sensitive) or _any(duties.words.sensitive, letter.text),
        about=about,
        automatic=not doubts,
    )


def candidates(letter: Letter, organisation: Organisation, duties: DutyList, day: date) -> list[Candidate]:
    """The duties whose words the letter uses, best first; equal scores in the order of the list."""
    place = community_of(letter, organisation)
    found = [
        Candidate(
            duty, sum(_weight(word, letter) for word in words), words, place if duty.lead == COMMUNITY else duty.lead
        )
        for duty, words in duties.found_in(letter.text, day).items()
    ]
    return sorted(found, key=lambda candidate: -candidate.score)


def community_of(letter: Letter, organisation: Organisation) -> str | None:
    """The community of the place: as stated, unless the words name others; else the single one they name."""
    named = organisation.communities_in(letter.place + letter.text)
    if letter.community is None:
        return next(iter(named)) if len(named) == 1 else None
    return letter.community if not named or letter.community in named else None


def _order(result: Study, organisation: Organisation) -> Order:
    """The order an automatic study gives; it has a suggestion and a complexity, or it would not be automatic."""
    return Order(
        unit=str(result.suggestion),
        unit_name=str(organisation.name_of(result.suggestion)),
        complexity=str(result.complexity),
        helpers=result.helpers,
        category=result.category,
        priority=result.priority,
        sensitive=result.sensitive,
    )


def _weight(word: str, letter: Letter) -> int:
    if word in letter.place:
        return 1  # it may only say where: bicycles at the metro exit are no matter of the metro
    return len(word) * (HEADING_WEIGHT if word in letter.text[:HEADING] else 1)


def _doubts(
    letter: Letter, ranked: list[Candidate], suggestion: str | None, about: tuple[str, ...] | None
) -> list[str]:
    """Why the centre has to look, as words for its screen; empty if the rule may dispatch."""
    leads = {c.lead for c in ranked if c.score >= ranked[0].score * RIVAL}
    reasons = (
        (about is not None, "涉及单位或工作人员，回避"),
        (letter.emergency, "含紧急字眼"),
        (not ranked, "职责清单无匹配事项"),
        (bool(ranked) and suggestion is None, "主办单位待定"),
        (bool(ranked) and ranked[0].score < SURE, "匹配把握不足"),
        (len(leads) > 1, "有多个可能的主办单位"),
    )
    return [text for holds, text in reasons if holds]


def _rule(best: Candidate | None, doubts: list[str]) -> str:
    chosen = f"{best.duty.code}「{best.duty.name}」：{'、'.join(best.words)}" if best else "无"
    return f"{chosen}；转中心研判：{'，'.join(doubts)}" if doubts else f"{chosen}；自动分拨"


def _may_act(code: str, organisation: Organisation, about: tuple[str, ...] | None) -> bool:
    return organisation.can_receive(code) and code not in (about or ())


def _helpers(
    best: Candidate | None, lead: str | None, organisation: Organisation, about: tuple[str, ...] | None
) -> tuple[str, ...]:
    if best is None or lead is None:
        return ()
    return tuple(code for code in best.duty.helpers if code != lead and _may_act(code, organisation, about))


def _complexity(best: Candidate | None, letter: Letter, duties: DutyList) -> str | None:
    if _any(duties.words.complex, letter.text):
        return "complex"
    return best.duty.complexity if best else None


def _any(words: Iterable[str], text: str) -> bool:
    return any(word in text for word in words)
