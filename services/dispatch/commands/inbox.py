"""What dispatch makes of the events it consumes: intake's about the letter, sla's about the deadlines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from chassis.delivery.envelope import Draft, Event
from chassis.delivery.subscription import Subscription
from services.dispatch import events, metrics, store
from services.dispatch.commands.reference import Reference, judged_by
from services.dispatch.consumed import READS
from services.dispatch.domain import arrival, deadlines, resident, triage
from services.dispatch.domain.case import Case, Fact, Imported, Letter
from services.dispatch.domain.deadlines import Deadlines
from services.dispatch.domain.supplement import Supplement


@dataclass(frozen=True, slots=True)
class FoldedCase:
    """A case while a batch of events is folded into it.

    `stored_case` and `stored_deadlines` are what the database holds. Of a case about which only sla spoke, `case` is
    neither loaded nor changed; a supplement does not change it either, and may come before the case itself.
    """

    reference: Reference
    deadlines: Deadlines
    case: Case | None = None
    stored_case: Case | None = None
    stored_deadlines: Deadlines | None = None
    facts: tuple[Fact, ...] = ()
    supplements: tuple[Supplement, ...] = ()


def load(tx: Connection, batch: Sequence[Event]) -> dict[str, FoldedCase]:
    """Every case of the batch, known rows locked. Events of sla lock no case, so no officer waits for them."""
    reference = judged_by(tx)
    numbers = {event.partitionkey for event in batch}
    known_cases = store.lock_cases(tx, {event.partitionkey for event in batch if event.producer != "sla"})
    known_deadlines = store.lock_deadlines(tx, numbers)
    return {
        number: FoldedCase(
            reference=reference,
            deadlines=known_deadlines.get(number) or Deadlines(number),
            case=known_cases.get(number),
            stored_case=known_cases.get(number),
            stored_deadlines=known_deadlines.get(number),
        )
        for number in numbers
    }


def fold(folded: FoldedCase | None, event: Event, now: datetime) -> tuple[FoldedCase, list[Draft]]:
    """Letter and acceptance may come in either order; the study follows once, when the second is here."""
    assert folded is not None
    if event.producer == "sla":
        return replace(folded, deadlines=deadlines.after_event(folded.deadlines, event.data)), []
    if event.type == "case.supplemented":
        added = Supplement(event.partitionkey, event.seq, **event.data)
        return replace(folded, supplements=(*folded.supplements, added)), []
    case, facts = STEPS[event.type](folded.case or Case(event.partitionkey), event.data, now)
    if arrival.is_ready_for_study(case):
        case, facts = triage.begin(case, folded.reference.organisation, folded.reference.duties, now)
    return replace(folded, case=case, facts=(*folded.facts, *facts)), [events.draft(fact) for fact in facts]


def save(tx: Connection, changed: Mapping[str, FoldedCase]) -> None:
    """Writes the batch's cases, their supplements, their deadlines and their work logs."""
    folded = list(changed.values())
    store.save_cases(tx, [each.case for each in folded if each.case and each.case is not each.stored_case])
    store.save_texts(tx, [each.case for each in folded if each.case and _has_new_letter(each)])
    store.save_supplements(tx, [supplement for each in folded for supplement in each.supplements])
    store.save_deadlines(tx, [each.deadlines for each in folded if each.deadlines != each.stored_deadlines])
    facts = [fact for each in folded for fact in each.facts]
    store.add_work(tx, [(fact, _cause(fact)) for fact in facts])
    metrics.count(facts)


def _has_new_letter(folded: FoldedCase) -> bool:
    before = folded.stored_case.letter if folded.stored_case else None
    return before is None and folded.case is not None and folded.case.letter is not None


def _cause(fact: Fact) -> str:
    if fact.type in ("case.withdrawn", "case.reopened"):
        return "resident"
    return "import" if fact.case.imported else "rule"


Result = tuple[Case, list[Fact]]


def _submitted(case: Case, data: Mapping[str, Any], now: datetime) -> Result:
    letter = {name: value for name, value in data.items() if name != "same_telephone"}
    return arrival.receive(case, Letter(**letter), tuple(data["same_telephone"])), []


def _accepted(case: Case, data: Mapping[str, Any], now: datetime) -> Result:
    imported = Imported(**data["imported"]) if data["imported"] else None
    return arrival.accept(case, data["accepted_at"], imported), []


def _refused(case: Case, data: Mapping[str, Any], now: datetime) -> Result:
    return arrival.refuse(case), []


def _withdrawal_asked(case: Case, data: Mapping[str, Any], now: datetime) -> Result:
    return resident.withdraw(case, now)


def _rated(case: Case, data: Mapping[str, Any], now: datetime) -> Result:
    return resident.reopen(case, data["grade"], data["comment"], data["round"], now)


STEPS: dict[str, Callable[[Case, Mapping[str, Any], datetime], Result]] = {
    "case.submitted": _submitted,
    "case.accepted": _accepted,
    "case.refused": _refused,
    "case.withdrawal_asked": _withdrawal_asked,
    "case.rated": _rated,
}
SUBSCRIPTION = Subscription(reads=READS, load=load, fold=fold, save=save)
