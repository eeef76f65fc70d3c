"""What can be asked of intake: each command loads, decides, saves and publishes in the caller's transaction."""

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from chassis import clock, crypto
from chassis.database import Database
from chassis.delivery import outbox
from chassis.delivery.envelope import Draft, Event
from chassis.delivery.subscription import Subscription
from chassis.operating.rebuild import Projection
from services.intake import events, store
from services.intake.commands.numbers import Numbers
from services.intake.commands.secrecy import Secrecy
from services.intake.domain import case as cases
from services.intake.domain import contacts as contact_rules
from services.intake.domain import emergency, limit, progress, query_code
from services.intake.domain.case import ACCEPT_WITHIN, AcceptedBy, Case, Change, Raised, Reason, State
from services.intake.domain.emergency import Alarm
from services.intake.domain.identity import Writer
from services.intake.domain.limit import Limit
from services.intake.domain.numbering import day_of, first_of
from services.intake.domain.open_cases import OpenCase
from services.intake.domain.progress import Progress
from services.intake.domain.resident_view import resident_view
from services.intake.domain.submission import Submission
from services.intake.errors import (
    CaseNotFound,
    ChallengeNeeded,
    ReaderKeyMissing,
    TooManyLetters,
    TooManyWrongCodes,
    UnknownCommunity,
)
from services.intake.settings import Settings

BATCH = 1000
SAME_TELEPHONE_WITHIN, SAME_TELEPHONE_MOST = timedelta(days=7), 10


@dataclass(frozen=True, slots=True)
class Intake:
    """What commands work with, made once per process."""

    settings: Settings
    numbers: Numbers
    secrecy: Secrecy


Check = Callable[[int], None]


def _any_revision(revision: int) -> None:
    """The default check: whoever acts has not said which revision they saw."""


def intake(settings: Settings, database: Database) -> Intake:
    numbers = Numbers(database, settings.number_prefix, settings.number_block)
    return Intake(settings, numbers, Secrecy(settings.master_keys, settings.index_key))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the resident takes away; `promised_accept_by` in UTC (R20)."""

    number: str
    query_code: str
    state: State
    emergency: Alarm | None
    promised_accept_by: datetime


def submit(tx: Connection, house: Intake, submission: Submission, address: str | None, proved: bool = False) -> Receipt:
    """Takes a letter in; without an address it is not limited. `proved`: the sender has done a proof of work for it.

    Raises UnknownCommunity, TooManyLetters, ChallengeNeeded, NumbersExhausted.
    """
    if (submission.letter.community or "C01") not in house.settings.community_codes:
        raise UnknownCommunity("community")
    now = clock.now(tx)
    if address and house.settings.limit_submissions:
        _limit_letters(tx, house, address, now, proved)
    number = house.numbers.next(day_of(now))
    alarm = emergency.find(submission.letter.description, house.settings.emergency_rules)
    case, raised = cases.submit(
        submission.letter, number, now, alarm, same_telephone=_same_telephone(tx, house, submission.mobile, now)
    )
    if house.settings.accept_automatically and cases.may_accept_itself(case):
        case, raised = _then(raised, cases.accept(case, AcceptedBy.RULE, now))
    writer = Writer(submission.name, submission.mobile, query_code.new())
    store.add(tx, [(case, house.secrecy.seal(number, writer), None)])
    outbox.put(tx, events.drafts(raised, writer.name))
    return _receipt(case, writer)


def receipt(tx: Connection, house: Intake, number: str) -> Receipt:
    """The receipt once more, for a request that was repeated."""
    case = _found(store.case(tx, number))
    return _receipt(case, _writer(tx, house, number))


def case(tx: Connection, number: str) -> Case:
    """One case, for the desk. Raises CaseNotFound."""
    return _found(store.case(tx, number))


def desk(tx: Connection, state: State | None, after: str | None, limit: int) -> list[Case]:
    """Up to `limit` cases in order of arrival, of one state or all, that follow the case `after`."""
    return store.queue(tx, state, after, limit)


def accept(tx: Connection, number: str, check: Check = _any_revision) -> Case:
    """The centre accepts. Raises CaseNotFound, IllegalTransition, and what `check` raises on the case's revision."""
    found = _locked(tx, number, check)
    return _changed(tx, cases.accept(found, AcceptedBy.CENTRE, clock.now(tx)))


def refuse(tx: Connection, number: str, reason: Reason, check: Check = _any_revision) -> Case:
    """The centre refuses with a reason the resident is told. Raises as `accept` does."""
    found = _locked(tx, number, check)
    return _changed(tx, cases.refuse(found, reason, clock.now(tx)))


def reveal(tx: Connection, house: Intake, number: str, who: str, why: str) -> Writer:
    """Who wrote the case, in full; the read is logged with who asked and why. Raises CaseNotFound."""
    _found(store.case(tx, number))
    store.log_access(tx, clock.now(tx), [store.Access(number, who, why, ("name", "mobile"))])
    return _writer(tx, house, number)


def writer(tx: Connection, house: Intake, number: str) -> Writer:
    """Who wrote the case; the caller shows it masked only. Raises CaseNotFound."""
    return _writer(tx, house, number)


def look_up(tx: Connection, house: Intake, number: str, given: str, address: str) -> dict[str, Any] | None:
    """The resident's view, or None for a wrong code or an unknown number: the two look the same, in time too.

    A wrong code is counted in this transaction, so the caller lets it commit. Raises TooManyWrongCodes while the
    address has used up its tries, whatever the code; another address is not touched by that.
    """
    now = clock.now(tx)
    tries = _tries(house, number, address)
    _limit_guesses(tx, tries, now)
    found = store.held(tx, number)
    code = house.secrecy.hash("code", number, query_code.as_typed(given))
    if hmac.compare_digest(code, found[1] if found else bytes(32)) and found:
        return resident_view(found[0])
    for key, allowed in tries.items():
        store.count(tx, key, allowed, now)
    return None


def contacts(tx: Connection, house: Intake, numbers: Sequence[str], purpose: str) -> dict[str, str]:
    """How to reach the writers of these cases, sealed to the reader's key: {"sealed": JWE of {number: fields}}.

    Writers without a telephone are absent. Every read is logged. Raises UnknownPurpose, TooManyCases, ReaderKeyMissing.
    """
    fields = contact_rules.fields_for(purpose, len(numbers))
    if house.settings.reader_keys is None:
        raise ReaderKeyMissing()
    opened = {row.number: house.secrecy.open(row) for row in store.identities(tx, numbers)}
    given = {number: contact_rules.contact(who, fields) for number, who in opened.items()}
    known = {number: fields_given for number, fields_given in given.items() if fields_given}
    reads = [store.Access(number, "notify", purpose, fields) for number in known]
    store.log_access(tx, clock.now(tx), reads)
    return {"sealed": crypto.jwe_seal(known, house.settings.reader_keys)}


def import_cases(tx: Connection, house: Intake, open_cases: Sequence[OpenCase]) -> int:
    """Adds the open cases that are not here yet and publishes them as submitted and accepted; returns how many."""
    known = store.known_external_ids(tx, [each.external_id for each in open_cases])
    unknown = [each for each in open_cases if each.external_id not in known]
    taken = [_taken_in(house, each, number) for each, number in _numbered(house, unknown)]
    new = store.add(tx, [(case, house.secrecy.seal(case.number, who), external) for case, who, external, _ in taken])
    leaving = [
        draft for case, who, _, raised in taken if case.number in new for draft in events.drafts(raised, who.name)
    ]
    outbox.put(tx, leaving)
    return len(new)


def clean_up(tx: Connection, access_kept: timedelta) -> bool:
    """Deletes a batch of counts nobody asks for any more, and of reads of personal data older than is kept; true while
    there may be more."""
    now = clock.now(tx)
    forgotten = (
        store.forget_tallies(tx, now, BATCH),
        store.forget_access(tx, now - access_kept, BATCH),
    )
    return max(forgotten) >= BATCH


def _fold(value: Progress | None, event: Event, now: datetime) -> tuple[Progress, list[Draft]]:
    known = value or Progress()
    if event.producer == "sla":
        return progress.told_by_sla(known, event.data), []
    return progress.told_by_dispatch(known, event.type, event.data), []


def _load(tx: Connection, batch: Sequence[Event]) -> dict[str, Progress]:
    return store.progress(tx, [event.partitionkey for event in batch])


SUBSCRIPTION: Subscription[Progress] = Subscription(events.READS, _load, _fold, store.save_progress)


def _save_again(tx: Connection, folded: Mapping[str, Progress]) -> None:
    store.progress(tx, list(folded))
    store.save_progress(tx, folded)


PROJECTION: Projection[Progress] = Projection(
    tables=[("progress", "number")],
    subscription=SUBSCRIPTION,
    fold=lambda known, event: _fold(known, event, event.time)[0],
    save=_save_again,
)


def _same_telephone(tx: Connection, house: Intake, mobile: str | None, now: datetime) -> list[str]:
    if mobile is None:
        return []
    since = now - SAME_TELEPHONE_WITHIN
    first = first_of(house.settings.number_prefix, day_of(since))
    return store.same_telephone(tx, house.secrecy.hash("mobile", mobile), first, since, SAME_TELEPHONE_MOST)


def _limit_letters(tx: Connection, house: Intake, address: str, now: datetime, proved: bool) -> None:
    allowed = house.settings.submissions
    tally = store.count(tx, house.secrecy.hash("letters", address), allowed, now)
    if tally.count > allowed.most:
        raise TooManyLetters(retry_after=limit.wait(allowed, tally, now))
    unquestioned = replace(allowed, most=house.settings.submissions_unquestioned)
    if not proved and tally.count > unquestioned.most:
        raise ChallengeNeeded(retry_after=limit.wait(unquestioned, tally, now))


def _tries(house: Intake, number: str, address: str) -> dict[bytes, Limit]:
    return {
        house.secrecy.hash("guess", address, number): house.settings.guesses_per_case,
        house.secrecy.hash("guess", address): house.settings.guesses_per_address,
    }


def _limit_guesses(tx: Connection, tries: Mapping[bytes, Limit], now: datetime) -> None:
    known = store.tallies(tx, list(tries))
    seconds = max(limit.wait(allowed, known.get(key), now) for key, allowed in tries.items())
    if seconds:
        raise TooManyWrongCodes(retry_after=seconds)


def _receipt(case: Case, writer: Writer) -> Receipt:
    return Receipt(case.number, writer.query_code, case.state, case.alarm, case.submitted_at + ACCEPT_WITHIN)


def _changed(tx: Connection, change: Change) -> Case:
    case, raised = change
    store.update(tx, case)
    outbox.put(tx, events.drafts(raised))
    return case


def _locked(tx: Connection, number: str, check: Check) -> Case:
    found = _found(store.case(tx, number, lock=True))
    check(found.revision)
    return found


def _found(case: Case | None) -> Case:
    if case is None:
        raise CaseNotFound()
    return case


def _writer(tx: Connection, house: Intake, number: str) -> Writer:
    for row in store.identities(tx, [number]):
        return house.secrecy.open(row)
    raise CaseNotFound()


def _then(raised: list[Raised], change: Change) -> Change:
    return change[0], raised + change[1]


def _numbered(house: Intake, open_cases: Sequence[OpenCase]) -> Iterable[tuple[OpenCase, str]]:
    """Each with a number of the day it was submitted."""
    ordered = sorted(open_cases, key=lambda each: each.submitted_at)
    for day, group in groupby(ordered, key=lambda each: day_of(each.submitted_at)):
        same_day = list(group)
        yield from zip(same_day, house.numbers.several(day, len(same_day)), strict=True)


def _taken_in(house: Intake, each: OpenCase, number: str) -> tuple[Case, Writer, str, list[Raised]]:
    # No search for emergency words: a person judged the case when it was dispatched, before the import.
    case, raised = cases.submit(each.letter, number, each.submitted_at, None, each.imported)
    case, raised = _then(raised, cases.accept(case, AcceptedBy.IMPORT, each.imported.accepted_at))
    return case, Writer(each.name, each.mobile, query_code.new()), each.external_id, raised
