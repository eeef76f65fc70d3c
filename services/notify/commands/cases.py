"""What the other services' events do here: facts are kept, messages planned, letters proposed or voided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Connection

from chassis import clock
from chassis.database import Database
from chassis.delivery import outbox
from chassis.delivery.envelope import Draft, Event
from chassis.delivery.subscription import Subscription
from services.notify import metrics, store
from services.notify.commands.published import letter_draft
from services.notify.domain import letter as letters
from services.notify.domain import plan
from services.notify.domain.case import Breach, Case, Clock, Closing, Mark, Stop, Submission, Withdrawal
from services.notify.domain.letter import Letter
from services.notify.domain.message import Message
from services.notify.domain.unit import CENTRE, CENTRE_NAME, Contact, Unit
from services.notify.events import READS

BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A case with its letters, and what a batch added to it. `looked_at` is the batch's moment."""

    case: Case
    letters: Mapping[tuple[str, int], Letter]
    planned: tuple[Message, ...] = ()
    moved: frozenset[tuple[str, int]] = field(default_factory=frozenset)
    looked_at: datetime


Value: TypeAlias = File | Unit


def _load(tx: Connection, events: Sequence[Event]) -> dict[str, Value]:
    codes = [event.partitionkey for event in events if event.type == "unit.changed"]
    numbers = [event.partitionkey for event in events if event.type != "unit.changed"]
    found: dict[str, Value] = dict(store.units.load(tx, codes)) if codes else {}
    return found | (_files(tx, store.cases.load(tx, numbers)) if numbers else {})


def _files(tx: Connection, cases: Mapping[str, Case]) -> dict[str, Value]:
    now, known = clock.now(tx), store.letters.of_cases(tx, list(cases))
    return {number: File(case=case, letters=known.get(number, {}), looked_at=now) for number, case in cases.items()}


def _save(tx: Connection, changed: Mapping[str, Value]) -> None:
    units = [value for value in changed.values() if isinstance(value, Unit)]
    if units:
        store.units.save(tx, units)
    _save_files(tx, [value for value in changed.values() if isinstance(value, File)])


def _save_files(tx: Connection, files: Sequence[File]) -> None:
    if not files:
        return
    store.cases.save(tx, [(file.case, plan.next_letter(file.case, file.looked_at)) for file in files])
    planned = [(message, file.case.restricted) for file in files for message in file.planned]
    if planned:
        store.messages.add(tx, planned, clock.now(tx))
    moved = [file.letters[key] for file in files for key in sorted(file.moved)]
    if moved:
        store.letters.save(tx, moved)
    for letter in moved:
        metrics.LETTERS.labels(letter.state).inc()


def fold(value: Value | None, event: Event, now: datetime) -> tuple[Value, list[Draft]]:
    """One event into what is known of its unit or case."""
    if event.type == "unit.changed":
        return unit(event), []
    file = value if isinstance(value, File) else File(case=Case(number=event.partitionkey), letters={}, looked_at=now)
    case = told(file.case, event)
    added = plan.added(file.case, case)
    return _with_letters(replace(file, case=case, planned=(*file.planned, *added)), now)


def told(case: Case, event: Event) -> Case:
    """What is known of a case after one more event, and nothing that follows from it."""
    case = _FACTS[event.type](case, event)
    if "restricted" in event.data:
        case = case.with_restriction(event.producer, event.data["restricted"])
    return case


def _with_letters(file: File, now: datetime) -> tuple[File, list[Draft]]:
    """Letters follow the breaches: missing ones are proposed, unsigned ones that nothing supports are voided."""
    case, known = file.case, file.letters
    proposed = [
        letters.propose(case.number, breach, case.restricted, now)
        for breach in plan.letters_due(case, now)
        if (breach.kind, breach.gen) not in known
    ]
    unsupported = {(each.kind, each.gen) for each in case.breaches if not plan.wants_letter(case, each)}
    voided = [
        letters.retract(letter, now)
        for key, letter in known.items()
        if key in unsupported and letters.is_legal(letter, "retract")
    ]
    moved = {(letter.kind, letter.gen): letter for letter in (*proposed, *voided)}
    changed = replace(file, letters={**known, **moved}, moved=file.moved | moved.keys())
    return changed, [letter_draft(letter, now) for letter in moved.values()]


def _submitted(case: Case, event: Event) -> Case:
    data = event.data
    submission = Submission(
        seq=event.seq, recorded_at=event.time, identity=data["identity"], imported=data["imported"] is not None
    )
    return replace(case, submission=submission)


def _dispatched(case: Case, event: Event) -> Case:
    return case


def _closed(case: Case, event: Event) -> Case:
    closing = Closing(seq=event.seq, recorded_at=event.time, at=event.data["at"])
    return replace(case, closings=(*case.closings, closing))


def _withdrawn(case: Case, event: Event) -> Case:
    return replace(case, withdrawal=Withdrawal(seq=event.seq, recorded_at=event.time))


def _started(case: Case, event: Event) -> Case:
    names = ("kind", "gen", "started_at", "warn_at", "due", "silent")
    started = Clock(
        seq=event.seq, recorded_at=event.time, **_unit_of(event), **{name: event.data[name] for name in names}
    )
    return replace(case, clocks=(*case.clocks, started))


def _breached(case: Case, event: Event) -> Case:
    names = ("kind", "gen", "started_at", "due", "silent")
    breach = Breach(
        breached_at=event.data["at"],
        letter_after=timedelta(seconds=event.data["letter_after"]),
        complexity=event.data["complexity"] or "simple",
        **_unit_of(event),
        **{name: event.data[name] for name in names},
    )
    return replace(case, breaches=(*case.breaches, breach))


def _retracted(case: Case, event: Event) -> Case:
    return case.retract(event.data["kind"], event.data["gen"], event.seq)


def _changed(case: Case, event: Event) -> Case:
    data = event.data
    if data["status"] != "stopped":
        return case
    stop = Stop(seq=event.seq, kind=data["kind"], gen=data["gen"], at=data["at"])
    return replace(case, stops=(*case.stops, stop))


def _marked(case: Case, event: Event) -> Case:
    data = event.data
    mark = Mark(
        seq=event.seq,
        recorded_at=event.time,
        mark=data["mark"],
        reason=data["reason"],
        silent=data["silent"],
        unit=data["unit"] or CENTRE,
    )
    return replace(case, marks=(*case.marks, mark))


_FACTS: Mapping[str, Callable[[Case, Event], Case]] = {
    "case.submitted": _submitted,
    "case.dispatched": _dispatched,
    "case.closed": _closed,
    "case.withdrawn": _withdrawn,
    "clock.started": _started,
    "clock.breached": _breached,
    "clock.retracted": _retracted,
    "clock.changed": _changed,
    "case.marked": _marked,
}


def _unit_of(event: Event) -> dict[str, Any]:
    # Before anybody was sent the case, the centre answers for it.
    if event.data["unit"] is None:
        return {"unit": CENTRE, "unit_name": CENTRE_NAME}
    return {"unit": event.data["unit"], "unit_name": event.data["unit_name"] or event.data["unit"]}


def unit(event: Event) -> Unit:
    """A unit as dispatch last told of it."""
    data = event.data
    contacts = {
        post: Contact(name=given["name"], mobile=given["mobile"])
        for post, given in (data["contacts"] or {}).items()
        if given is not None
    }
    return Unit(code=data["code"], name=data["name"], active=data["active"], contacts=contacts)


SUBSCRIPTION: Subscription[Value] = Subscription(reads=READS, load=_load, fold=fold, save=_save)


def propose_when_due(database: Database) -> bool:
    """Proposes the letters whose grace has ended; true if there were any."""
    with database.transaction() as tx:
        now = clock.now(tx)
        files = _files(tx, store.cases.waiting_for_letter(tx, now, BATCH))
        settled = [_with_letters(file, now) for file in files.values() if isinstance(file, File)]
        _save_files(tx, [file for file, _ in settled])
        outbox.put(tx, [draft for _, drafts in settled for draft in drafts])
    return bool(settled)
