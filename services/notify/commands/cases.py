"""What other services' events do here: facts are stored, messages planned, letters proposed or voided."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection

from chassis.delivery.envelope import Draft, Event
from chassis.delivery.subscription import Subscription
from services.notify import store
from services.notify.commands import case_files
from services.notify.commands.case_files import CaseFile
from services.notify.commands.facts import unit_of, with_event
from services.notify.domain import plan
from services.notify.domain.case import Case
from services.notify.domain.unit import Unit
from services.notify.events import READS

Value: TypeAlias = CaseFile | Unit


def _load(tx: Connection, events: Sequence[Event]) -> dict[str, Value]:
    codes = [event.partitionkey for event in events if event.type == "unit.changed"]
    numbers = [event.partitionkey for event in events if event.type != "unit.changed"]
    found: dict[str, Value] = dict(store.units.load(tx, codes)) if codes else {}
    return found | (case_files.with_letters(tx, store.cases.load(tx, numbers)) if numbers else {})


def _save(tx: Connection, changed: Mapping[str, Value]) -> None:
    units = [value for value in changed.values() if isinstance(value, Unit)]
    if units:
        store.units.save(tx, units)
    case_files.save(tx, [value for value in changed.values() if isinstance(value, CaseFile)])


def fold(value: Value | None, event: Event, now: datetime) -> tuple[Value, list[Draft]]:
    """The unit or the case with its letters after one more event, and what is to be published."""
    if event.type == "unit.changed":
        return unit_of(event), []
    known = value if isinstance(value, CaseFile) else None
    file = known or CaseFile(case=Case(number=event.partitionkey), letters={}, loaded_at=now)
    case = with_event(file.case, event)
    planned = (*file.planned, *plan.added(file.case, case))
    return case_files.agreed(replace(file, case=case, planned=planned), now)


SUBSCRIPTION: Subscription[Value] = Subscription(reads=READS, load=_load, fold=fold, save=_save)
