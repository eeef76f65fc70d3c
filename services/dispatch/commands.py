"""What dispatch does: load, decide, save, publish, each in the caller's transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from chassis import clock, outbox
from chassis.envelope import Draft, Event
from chassis.inbox import Reading
from services.dispatch import case as cases
from services.dispatch import directory, duties, events, metrics, organisation, store, triage
from services.dispatch.case import Case, Fact, Imported, Letter, Order
from services.dispatch.directory import Directory
from services.dispatch.duties import DutyList
from services.dispatch.errors import CaseNotFound, ClosedUnit, NotLeadUnit, NotYours, UnknownCategory, UnknownUnit
from services.dispatch.files import DirectoryFile, DutiesFile, OrganisationFile
from services.dispatch.organisation import Organisation, Unit
from services.dispatch.visibility import decider


@dataclass(frozen=True, slots=True)
class Officer:
    """Who gives a command: the token's subject, roles and unit, the scopes it sees, and the revision it has read."""

    subject: str
    roles: frozenset[str]
    unit: str | None
    scopes: frozenset[str]
    expect: Callable[[int], None]


Step = Callable[[Case, datetime], tuple[Case, list[Fact]]]
Check = Callable[[Case, Officer], None]


@dataclass(frozen=True, slots=True)
class Reference:
    """What cases are judged by."""

    organisation: Organisation
    duties: DutyList


@dataclass(frozen=True, slots=True)
class Desk:
    """A case as the inbox folds it: with what it is judged by, and the facts raised since it was loaded."""

    reference: Reference
    case: Case | None = None
    facts: tuple[Fact, ...] = ()


# --- events of intake ---


def load(tx: Connection, batch: Sequence[Event]) -> dict[str, Desk]:
    """The desk of every case in the batch, known rows locked."""
    reference = _reference(tx)
    numbers = {event.partitionkey for event in batch}
    known = store.lock_cases(tx, numbers)
    return {number: Desk(reference, known.get(number)) for number in numbers}


def fold(desk: Desk | None, event: Event, now: datetime) -> tuple[Desk, list[Draft]]:
    """Letter and acceptance may come in any order; what follows from both follows once, when the second is here."""
    assert desk is not None
    case = TAKES[event.type](desk.case or Case(event.partitionkey), event.data)
    facts: list[Fact] = []
    if cases.is_ready_for_study(case):
        case, facts = triage.begin(case, desk.reference.organisation, desk.reference.duties, now)
    return replace(desk, case=case, facts=(*desk.facts, *facts)), [events.draft(fact) for fact in facts]


def save(tx: Connection, changed: Mapping[str, Desk]) -> None:
    """Writes the batch's cases and their work logs."""
    desks = list(changed.values())
    store.save_cases(tx, [desk.case for desk in desks if desk.case])
    facts = [fact for desk in desks for fact in desk.facts]
    store.add_work(tx, [(fact, "import" if fact.case.imported else "rule") for fact in facts])
    metrics.count(facts)


def _take_letter(case: Case, data: Mapping[str, Any]) -> Case:
    return cases.receive(case, Letter(**data))


def _take_acceptance(case: Case, data: Mapping[str, Any]) -> Case:
    imported = Imported(**data["imported"]) if data["imported"] else None
    return cases.accept(case, data["accepted_at"], imported)


def _take_refusal(case: Case, data: Mapping[str, Any]) -> Case:
    return cases.refuse(case)


TAKES: dict[str, Callable[[Case, Mapping[str, Any]], Case]] = {
    "case.submitted": _take_letter,
    "case.accepted": _take_acceptance,
    "case.refused": _take_refusal,
}
READING = Reading(reads=events.READS, load=load, fold=fold, save=save)


# --- commands of officers ---


def dispatch(tx: Connection, number: str, wish: Mapping[str, Any], officer: Officer) -> Case:
    """Sends a waiting case to a lead unit; what `wish` leaves out stays as triage found it.

    Raises CaseNotFound, NotYours, IllegalTransition, UnknownUnit, ClosedUnit, ConcernedUnit, LeadIsHelper,
    UnknownCategory.
    """
    reference = _reference(tx)

    def step(case: Case, now: datetime) -> tuple[Case, list[Fact]]:
        cases.check_legal(case, "dispatch")
        return cases.dispatch(case, _order(case, wish, reference), "centre", now)

    return _step(tx, number, officer, _check_decider, step)


def acknowledge(tx: Connection, number: str, officer: Officer) -> Case:
    """The lead unit confirms receipt. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    return _step(tx, number, officer, _check_lead, cases.acknowledge)


def contact(
    tx: Connection, number: str, process: str, means: str, promised_at: datetime | None, officer: Officer
) -> Case:
    """The lead unit has told the resident. Raises CaseNotFound, NotLeadUnit, IllegalTransition, PromiseInThePast."""
    return _step(
        tx, number, officer, _check_lead, lambda case, now: cases.contact(case, process, means, promised_at, now)
    )


def reply(tx: Connection, number: str, text: str, officer: Officer) -> Case:
    """The lead unit answers. Raises CaseNotFound, NotLeadUnit, IllegalTransition."""
    return _step(tx, number, officer, _check_lead, lambda case, now: cases.reply(case, text, now))


def close(tx: Connection, number: str, outcome: str, officer: Officer) -> Case:
    """Review passed. Raises CaseNotFound, NotYours, IllegalTransition."""
    return _step(tx, number, officer, _check_decider, lambda case, now: cases.close(case, outcome, now))


def send_back(tx: Connection, number: str, reason: str, officer: Officer) -> Case:
    """Review failed. Raises CaseNotFound, NotYours, IllegalTransition."""
    return _step(tx, number, officer, _check_decider, lambda case, now: cases.send_back(case, reason, now))


def _step(tx: Connection, number: str, officer: Officer, check: Check, step: Step) -> Case:
    case = store.lock_case(tx, number, officer.scopes)
    if case is None:
        raise CaseNotFound
    check(case, officer)
    officer.expect(case.revision)
    case, facts = step(case, clock.now(tx))
    store.save_cases(tx, [case])
    store.add_work(tx, [(fact, officer.subject) for fact in facts])
    outbox.put(tx, [events.draft(fact) for fact in facts])
    metrics.count(facts)
    return case


def _check_decider(case: Case, officer: Officer) -> None:
    if decider(case) not in officer.roles:
        raise NotYours


def _check_lead(case: Case, officer: Officer) -> None:
    if officer.unit != case.unit:
        raise NotLeadUnit


def _order(case: Case, wish: Mapping[str, Any], reference: Reference) -> Order:
    units = reference.organisation
    helpers = tuple(wish.get("helpers", case.study.helpers if case.study else ()))
    _check_unit(units, wish["unit"], "unit")
    for helper in helpers:
        _check_unit(units, helper, "helpers")
    category = wish.get("category", case.category)
    if "category" in wish and category not in reference.duties.categories():
        raise UnknownCategory("category")
    return Order(
        unit=wish["unit"],
        unit_name=str(units.name_of(wish["unit"])),
        complexity=wish["complexity"],
        helpers=helpers,
        category=category,
        priority=wish.get("priority", case.priority),
        sensitive=wish.get("sensitive", case.sensitive),
        restricted=wish.get("restricted", case.restricted),
    )


def _check_unit(units: Organisation, code: str, field: str) -> None:
    if code not in units.units:
        raise UnknownUnit(field)
    if not units.can_receive(code):
        raise ClosedUnit(field)


# --- questions ---


def read(tx: Connection, number: str, scopes: frozenset[str]) -> tuple[Case, list[store.Work]]:
    """A case with its work log. Raises CaseNotFound."""
    case = store.find_case(tx, number, scopes)
    if case is None:
        raise CaseNotFound
    return case, store.work_of(tx, number)


def page(
    tx: Connection, scopes: frozenset[str], *, state: str | None, unit: str | None, after: str, limit: int
) -> list[Case]:
    """Up to `limit` of the cases that `scopes` see, in order of number, from the one after `after` on."""
    return store.page(tx, scopes, state=state, unit=unit, after=after, limit=limit)


def units(tx: Connection) -> list[Unit]:
    """All units, closed ones too, in order of code."""
    return list(store.organisation(tx).units.values())


def duty_list(tx: Connection) -> DutyList:
    """The duty list as it stands, ended items included."""
    return _reference(tx).duties


def public_directory(tx: Connection) -> Directory:
    """Whom residents may call, as anybody may read it."""
    return store.directory.read(tx, store.lock_editions(tx)["directory"].version)


def status(tx: Connection) -> dict[str, object]:
    """What an operator wants to see at a glance."""
    editions = store.lock_editions(tx)
    versions = {name: edition.version or "not loaded" for name, edition in editions.items()}
    return {**versions, "cases": store.count_by_state(tx)}


# --- organisation and duty list ---


class Rejected(Exception):
    """A file that must not be loaded: one sentence per reason."""


def load_organisation(tx: Connection, file: OrganisationFile) -> list[organisation.Change]:
    """Makes the file's units the organisation and tells of each that changed; the same file again changes nothing.

    Raises Rejected.
    """
    store.lock_editions(tx, change=True)
    stored = store.organisation(tx)
    _refuse(organisation.problems(file.units, stored))
    changes = organisation.changes(stored, file.units)
    if changes:
        store.save_units(tx, [change.unit for change in changes])
        store.renew_edition(tx, "organisation", file.version)
        outbox.put(tx, [events.unit_draft(change.unit, clock.now(tx)) for change in changes])
    return changes


def load_duties(tx: Connection, file: DutiesFile) -> list[duties.Change]:
    """Makes the file the duty list; items it leaves out end today and stay readable. Raises Rejected."""
    editions = store.lock_editions(tx, change=True)
    stored = store.duty_list(tx, editions["duties"])
    _refuse(duties.problems(file.duties, store.organisation(tx)))
    today = clock.now(tx).astimezone(triage.SHANGHAI).date()
    changes = duties.changes(stored, file.duties, today)
    if changes or (stored.version, stored.words) != (file.version, file.words):
        store.save_duties(tx, [change.duty for change in changes], [duty.code for duty in file.duties])
        store.renew_edition(tx, "duties", file.version, file.words)
    return changes


def load_directory(tx: Connection, file: DirectoryFile) -> list[directory.Change]:
    """Makes the file the public directory; what it leaves out disappears. Raises Rejected."""
    editions = store.lock_editions(tx, change=True)
    stored = store.directory.read(tx, editions["directory"].version)
    today = clock.now(tx).astimezone(triage.SHANGHAI).date()
    _refuse(directory.problems(file.entries, store.organisation(tx), today))
    changes = directory.changes(stored, file.entries)
    if Directory(file.version, file.entries) != stored:
        store.directory.replace(tx, file.entries)
        store.renew_edition(tx, "directory", file.version)
    return changes


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise Rejected("\n".join(problems))


_remembered: dict[tuple[Any, Any], Reference] = {}


def _reference(tx: Connection) -> Reference:
    """Organisation and duty list, held as they are until the end of `tx`; read again only after a change."""
    editions = store.lock_editions(tx)
    key = (editions["organisation"].id, editions["duties"].id)
    if key not in _remembered:
        found = Reference(store.organisation(tx), store.duty_list(tx, editions["duties"]))
        _remembered.clear()
        _remembered[key] = found
        return found
    return _remembered[key]
