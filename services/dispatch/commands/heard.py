"""What dispatch makes of the events it hears: intake's of the letter, sla's of the time left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from chassis.delivery.envelope import Draft, Event
from chassis.delivery.subscription import Subscription
from services.dispatch import events, metrics, store
from services.dispatch.commands.reference import Reference, judged_by
from services.dispatch.domain import case as cases
from services.dispatch.domain import deadlines, detours, triage
from services.dispatch.domain.case import Case, Fact, Imported, Letter
from services.dispatch.domain.deadlines import Standing
from services.dispatch.domain.supplement import Supplement


@dataclass(frozen=True, slots=True)
class Desk:
    """A case as the inbox folds it: with what it is judged by, and what came of it since it was loaded.

    `stored` and `stood` are what the database holds; of a case about which only sla spoke, `case` is not looked at.
    A supplement leaves `case` alone, which may not even be here yet.
    """

    reference: Reference
    standing: Standing
    case: Case | None = None
    stored: Case | None = None
    stood: Standing | None = None
    facts: tuple[Fact, ...] = ()
    added: tuple[Supplement, ...] = ()


def load(tx: Connection, batch: Sequence[Event]) -> dict[str, Desk]:
    """The desk of every case in the batch, known rows locked; an officer at work never waits for sla's events."""
    reference = judged_by(tx)
    numbers = {event.partitionkey for event in batch}
    known = store.lock_cases(tx, {event.partitionkey for event in batch if event.producer != "sla"})
    stood = store.lock_standings(tx, numbers)
    return {
        number: Desk(
            reference,
            stood.get(number) or Standing(number),
            known.get(number),
            known.get(number),
            stood.get(number),
        )
        for number in numbers
    }


def fold(desk: Desk | None, event: Event, now: datetime) -> tuple[Desk, list[Draft]]:
    """Letter and acceptance may come in any order; what follows from both follows once, when the second is here."""
    assert desk is not None
    if event.producer == "sla":
        return replace(desk, standing=deadlines.hear(desk.standing, event.data)), []
    if event.type == "case.supplemented":
        added = Supplement(event.partitionkey, event.seq, **event.data)
        return replace(desk, added=(*desk.added, added)), []
    case, facts = TAKES[event.type](desk.case or Case(event.partitionkey), event.data, now)
    if cases.is_ready_for_study(case):
        case, facts = triage.begin(case, desk.reference.organisation, desk.reference.duties, now)
    return replace(desk, case=case, facts=(*desk.facts, *facts)), [events.draft(fact) for fact in facts]


def save(tx: Connection, changed: Mapping[str, Desk]) -> None:
    """Writes the batch's cases, what residents added to them, their standings and their work logs."""
    desks = list(changed.values())
    store.save_cases(tx, [desk.case for desk in desks if desk.case and desk.case is not desk.stored])
    store.save_texts(tx, [desk.case for desk in desks if desk.case and _has_new_letter(desk)])
    store.save_supplements(tx, [added for desk in desks for added in desk.added])
    store.save_standings(tx, [desk.standing for desk in desks if desk.standing != desk.stood])
    facts = [fact for desk in desks for fact in desk.facts]
    store.add_work(tx, [(fact, _cause(fact)) for fact in facts])
    metrics.count(facts)


def _has_new_letter(desk: Desk) -> bool:
    before = desk.stored.letter if desk.stored else None
    return before is None and desk.case is not None and desk.case.letter is not None


def _cause(fact: Fact) -> str:
    if fact.type in ("case.withdrawn", "case.reopened"):
        return "resident"
    return "import" if fact.case.imported else "rule"


Taken = tuple[Case, list[Fact]]


def _take_letter(case: Case, data: Mapping[str, Any], now: datetime) -> Taken:
    letter = {name: value for name, value in data.items() if name != "same_telephone"}
    return cases.receive(case, Letter(**letter), tuple(data["same_telephone"])), []


def _take_acceptance(case: Case, data: Mapping[str, Any], now: datetime) -> Taken:
    imported = Imported(**data["imported"]) if data["imported"] else None
    return cases.accept(case, data["accepted_at"], imported), []


def _take_refusal(case: Case, data: Mapping[str, Any], now: datetime) -> Taken:
    return cases.refuse(case), []


def _take_withdrawal(case: Case, data: Mapping[str, Any], now: datetime) -> Taken:
    return detours.withdraw(case, now)


def _take_rating(case: Case, data: Mapping[str, Any], now: datetime) -> Taken:
    return detours.reopen(case, data["grade"], data["comment"], data["round"], now)


TAKES: dict[str, Callable[[Case, Mapping[str, Any], datetime], Taken]] = {
    "case.submitted": _take_letter,
    "case.accepted": _take_acceptance,
    "case.refused": _take_refusal,
    "case.withdrawal_asked": _take_withdrawal,
    "case.rated": _take_rating,
}
SUBSCRIPTION = Subscription(reads=events.READS, load=load, fold=fold, save=save)
