"""What intake brings: the letter, its acceptance, an import; and the study that follows."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from services.dispatch.domain.case import Case, Fact, Imported, Letter, Study, raise_event
from services.dispatch.domain.states import TRANSITIONS, State


def receive(case: Case, letter: Letter, same_telephone: tuple[str, ...] = ()) -> Case:
    """Intake has stored the letter. Nothing is studied before it is accepted as well."""
    return replace(case, letter=letter, same_telephone=same_telephone, revision=case.revision + 1)


def accept(case: Case, at: datetime, imported: Imported | None) -> Case:
    """Intake has accepted; `imported` carries a dispatch made before the import."""
    state = TRANSITIONS[case.state].get("accept", case.state)
    return replace(case, state=state, accepted_at=at, imported=imported, revision=case.revision + 1)


def refuse(case: Case) -> Case:
    """Intake has refused: nobody here sees the case."""
    state = TRANSITIONS[case.state].get("refuse", case.state)
    return replace(case, state=state, revision=case.revision + 1)


def is_ready_for_study(case: Case) -> bool:
    """Letter and acceptance are both here, in whatever order they came, and nobody has dispatched the case yet."""
    return (
        case.state == State.WAITING and case.letter is not None and case.accepted_at is not None and case.study is None
    )


def triage(case: Case, study: Study, now: datetime) -> tuple[Case, list[Fact]]:
    """Records the study; if it is automatic, the caller dispatches the case next."""
    case = replace(
        case,
        study=study,
        category=study.category,
        complexity=study.complexity,
        priority=study.priority,
        sensitive=study.sensitive,
        restricted=study.about is not None,
        about=study.about or (),
    )
    says = {"suggestion": study.suggestion, "rule": study.rule, "automatic": study.automatic}
    return raise_event(case, "case.triaged", now, says)


def record_import(
    case: Case, stated: Imported, unit_name: str | None, about: tuple[str, ...] | None
) -> tuple[Case, list[Fact]]:
    """Records a dispatch, and the contact if there was one, with the times the import states.

    `about` is None for a letter about no unit and no person; imports are hidden from those they are about as well.
    """
    case = replace(
        case,
        state=State.DISPATCHED,
        unit=stated.unit,
        unit_name=unit_name,
        complexity=stated.complexity,
        restricted=about is not None,
        about=about or (),
        dispatched_at=stated.dispatched_at,
        sent_at=stated.dispatched_at,
    )
    says: dict[str, Any] = {"dispatched_by": "import", "imported": True, "forced": False}
    case, facts = raise_event(case, "case.dispatched", stated.dispatched_at, says)
    if stated.contacted_at is None:
        return case, facts
    case = replace(case, state=State.HANDLING, contacted_at=stated.contacted_at)
    # The import states only that the resident was contacted, not what was said or how.
    says = {"process": "", "means": None, "promised_at": None, "imported": True}
    case, contacted = raise_event(case, "case.contacted", stated.contacted_at, says)
    return case, facts + contacted
