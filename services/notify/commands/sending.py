"""Messages out: judged, claimed, handed to the gateway, and written down; never twice, never silently lost.

The claim is committed before the gateway is called. Whatever happens between the two transactions, the SMS is found
again by its lease and looked up; what nobody can find out is held for a person.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import TypeAlias

from sqlalchemy import Connection

from chassis import clock, failpoints
from chassis.database import Database
from chassis.delivery import outbox
from chassis.delivery.envelope import Draft
from services.notify import metrics, store
from services.notify.commands.published import message_draft
from services.notify.domain import segment, template
from services.notify.domain.gateway import Answer, Fate, Gateway, Outgoing
from services.notify.domain.message import LONGEST, after_unknown, back_off, why_skip
from services.notify.domain.template import RESIDENT
from services.notify.domain.window import gather, opened_before
from services.notify.settings import Settings
from services.notify.store.messages import Claim, Ending, Lapsed, Waiting

chance = SystemRandom().random
BATCH = 50
STAFF_BATCH = 1000
RESERVED = timedelta(seconds=10)
"""Longer than the question for telephones may take, so that no other process asks for the same ones meanwhile."""
LEASE = timedelta(seconds=30)
"""Longer than a batch can take at the slowest gateway; after it, whoever claimed is taken for dead."""
SILENCE = timedelta(seconds=5)
"""Longest wait before intake is asked again: one question covers a whole batch, so asking is cheap."""
MOST_ATTEMPTS = 20
"""Look-ups of one SMS before a person is asked: about a quarter of an hour."""

Contacts: TypeAlias = Mapping[str, Mapping[str, str]]
Ask: TypeAlias = Callable[[str, Sequence[str]], Contacts | None]
"""(template, case numbers) → telephone and what else the template prints, by number; None while intake is silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One claimed SMS. `contact` holds the telephone and stays in memory."""

    id: str
    attempt: int
    contact: Mapping[str, str]
    carried: tuple[Waiting, ...]


def send_to_residents(database: Database, settings: Settings, gateway: Gateway, ask: Ask) -> bool:
    """One batch of residents' messages, each an SMS of its own; true if any was due."""
    with database.transaction() as tx:
        now = clock.now(tx)
        due = store.messages.reserve_for_residents(tx, now, now + RESERVED, BATCH)
    if not due:
        return False
    contacts = _ask(ask, due)
    answered = [waiting for waiting in due if waiting.message.template in contacts]
    started = time.monotonic()
    with database.transaction() as tx:
        now = clock.now(tx)
        _wait(tx, [waiting for waiting in due if waiting.message.template not in contacts], now, SILENCE)
        claimed = _claim_for_residents(tx, settings, gateway, answered, contacts, now)
    _deliver(database, settings, gateway, claimed, now, started)
    return True


def _ask(ask: Ask, due: Sequence[Waiting]) -> dict[str, Contacts]:
    """The contacts by template; a template is absent if nobody answered."""
    numbers: dict[str, list[str]] = {}
    for waiting in due:
        numbers.setdefault(waiting.message.template, []).append(waiting.message.case)
    answers: dict[str, Contacts] = {}
    for name, cases in numbers.items():
        asked = time.monotonic()
        answer = ask(name, sorted(set(cases)))
        metrics.count_contacts("silent" if answer is None else "answered", time.monotonic() - asked)
        if answer is None:
            break  # the next question would only wait as long
        answers[name] = answer
    return answers


def _claim_for_residents(
    tx: Connection,
    settings: Settings,
    gateway: Gateway,
    answered: Sequence[Waiting],
    contacts: Mapping[str, Contacts],
    now: datetime,
) -> list[Sms]:
    pending = store.messages.lock_pending(tx, [waiting.id for waiting in answered]) if answered else []
    claimed, unreachable = [], {}
    for waiting in _worth_sending(tx, pending, now):
        contact = contacts[waiting.message.template].get(waiting.message.case)
        if contact is None:
            unreachable[waiting.id] = "no_contact"
        else:
            claimed.append(Sms(id=str(uuid.uuid4()), attempt=1, contact=contact, carried=(waiting,)))
    _skip(tx, pending, unreachable, now)
    _claim(tx, settings, gateway, claimed, now)
    return claimed


def send_to_staff(database: Database, settings: Settings, gateway: Gateway) -> bool:
    """What waits for staff whose telephone may get an SMS, gathered into one each; true if any was sent."""
    started = time.monotonic()
    with database.transaction() as tx:
        now = clock.now(tx)
        before = opened_before(timedelta(seconds=settings.sms_window), now)
        due = store.messages.lock_for_staff(tx, now, before, STAFF_BATCH)
        worth = _worth_sending(tx, due, now) if due else []
        _wait(tx, [waiting for waiting in worth if waiting.mobile is None], now)
        together = gather((waiting.mobile, waiting) for waiting in worth if waiting.mobile is not None)
        opened = store.messages.open_windows(tx, together, now, before) if together else set()
        claimed = [
            Sms(id=str(uuid.uuid4()), attempt=1, contact={"mobile": mobile}, carried=tuple(together[mobile]))
            for mobile in sorted(opened)
        ]
        _claim(tx, settings, gateway, claimed, now)
    _deliver(database, settings, gateway, claimed, now, started)
    return bool(claimed)


def _worth_sending(tx: Connection, waiting: Sequence[Waiting], now: datetime) -> list[Waiting]:
    """Those that are still true and not too old; the others are recorded as skipped (design rule 9)."""
    cases = store.cases.load(tx, [each.message.case for each in waiting], lock=False) if waiting else {}
    letters = [each.message.params["letter"] for each in waiting if "letter" in each.message.params]
    states = store.letters.states(tx, letters) if letters else {}
    verdicts = {
        each.id: why_skip(
            each.message, cases[each.message.case], states.get(each.message.params.get("letter", "")), now, each.ordered
        )
        for each in waiting
    }
    _skip(tx, waiting, {id_: reason for id_, reason in verdicts.items() if reason}, now)
    return [each for each in waiting if not verdicts[each.id]]


def _skip(tx: Connection, waiting: Sequence[Waiting], reasons: Mapping[str, str], now: datetime) -> None:
    if reasons:
        store.messages.skip(tx, reasons, now)
        _count([each for each in waiting if each.id in reasons], "skipped")


def _wait(tx: Connection, waiting: Sequence[Waiting], now: datetime, longest: timedelta = LONGEST) -> None:
    if waiting:
        waits = {each.id: back_off(each.attempts or 1, chance(), longest) for each in waiting}
        store.messages.postpone(tx, {id_: now + wait for id_, wait in waits.items()})


def _claim(tx: Connection, settings: Settings, gateway: Gateway, claimed: Sequence[Sms], now: datetime) -> None:
    claims = [
        Claim(
            sms=sms.id,
            audience=sms.carried[0].message.audience,
            parts=segment.parts(text_of(sms, settings, now)),
            messages=tuple(waiting.id for waiting in sms.carried),
        )
        for sms in claimed
    ]
    if claims:
        store.messages.claim(tx, claims, gateway.name, now, now + LEASE)


def text_of(sms: Sms, settings: Settings, now: datetime) -> str:
    """The signed text of one SMS as it is at `now`: made from parameters, kept nowhere."""
    about = [(each.message.template, each.message.case) for each in sms.carried]
    if len(set(about)) > 1:
        return template.signed(settings.sms_signature, template.gathered(about))
    message = sms.carried[0].message
    words = {**message.params, "telephone": settings.telephone, **sms.contact}
    return template.signed(settings.sms_signature, template.render(message.template, message.case, words, now))


def _deliver(
    database: Database, settings: Settings, gateway: Gateway, claimed: Sequence[Sms], now: datetime, started: float
) -> None:
    """Hands over what was claimed `started` ago; what was claimed too long ago is left to the look-up."""
    if not claimed or time.monotonic() - started > LEASE.total_seconds() / 2:
        return
    failpoints.hit("sending.claimed")
    answers = _hand_over(gateway, settings, claimed, now)
    failpoints.hit("sending.answered")
    taken = list(zip(claimed, answers, strict=True))
    with database.transaction() as tx:
        now = clock.now(tx)
        _end(tx, gateway, [ending for sms, answer in taken if (ending := _ending(sms, answer, now))], now)
        unknown = {sms.id: now for sms, answer in taken if answer.fate is Fate.UNKNOWN}
        if unknown:
            store.messages.let_lapse(tx, unknown)
        not_taken = [sms.contact["mobile"] for sms, answer in taken if answer.fate is Fate.BUSY and _is_staff(sms)]
        if not_taken:
            store.messages.close_windows(tx, not_taken)


def _hand_over(gateway: Gateway, settings: Settings, claimed: Sequence[Sms], now: datetime) -> list[Answer]:
    batch = [
        Outgoing(
            key=sms.id,
            to=sms.contact["mobile"],
            text=text_of(sms, settings, now),
            at=now,
            messages=tuple(waiting.id for waiting in sms.carried),
        )
        for sms in claimed
    ]
    with metrics.GATEWAY_SECONDS.time():
        answers = gateway.send(batch)
    for outgoing, sms, answer in zip(batch, claimed, answers, strict=True):
        metrics.SMS.labels(gateway.name, answer.fate).inc()
        if answer.fate is Fate.SENT:
            metrics.SMS_PARTS.labels(sms.carried[0].message.audience).inc(segment.parts(outgoing.text))
    return answers


def _is_staff(sms: Sms) -> bool:
    return sms.carried[0].message.audience != RESIDENT


def _ending(sms: Sms, answer: Answer, now: datetime) -> Ending | None:
    """What a first answer settles; an unknown fate settles nothing."""
    if answer.fate is Fate.SENT:
        return Ending(sms=sms.id, attempt=sms.attempt, state="sent", message_state="sent")
    if answer.fate is Fate.REFUSED:
        return Ending(sms=sms.id, attempt=sms.attempt, state="failed", message_state="failed", reason=answer.reason)
    if answer.fate is Fate.BUSY:
        tries = max(waiting.attempts for waiting in sms.carried) + _is_staff(sms)
        return Ending(
            sms=sms.id,
            attempt=sms.attempt,
            state="released",
            message_state="pending",
            reason=answer.reason,
            next_try=now + back_off(tries, chance()),
        )
    return None


def _end(tx: Connection, gateway: Gateway, endings: Sequence[Ending], now: datetime) -> None:
    if not endings:
        return
    moved = store.messages.end(tx, endings, now)
    told = [each for each in moved if each.state in ("sent", "failed")]
    outbox.put(tx, [_told(each, gateway, now) for each in told])
    for state in ("sent", "failed", "held"):
        _count([each for each in moved if each.state == state], state)


def _told(ended: Waiting, gateway: Gateway, now: datetime) -> Draft:
    failed_because = ended.reason or "refused" if ended.state == "failed" else None
    return message_draft(ended, ended.sms, gateway.name, now, failed_because=failed_because)


def _count(waiting: Sequence[Waiting], outcome: str) -> None:
    for each in waiting:
        metrics.MESSAGES.labels(each.message.template, outcome).inc()


def resolve_unknown(database: Database, settings: Settings, gateway: Gateway, ask: Ask) -> bool:
    """Finds out about SMS of unknown fate: after a timeout, a 500, or a crash between claim and mark."""
    with database.transaction() as tx:
        now = clock.now(tx)
        lapsed = store.messages.lease_lapsed(tx, now, now + LEASE, BATCH)
        carried = store.messages.carried_by(tx, [each.sms for each in lapsed]) if lapsed else {}
    verdicts = {each.sms: _verdict(gateway, each) for each in lapsed}
    again = [each for each in lapsed if verdicts[each.sms] == "again"]
    answers = _send_again(settings, gateway, ask, again, carried, now)
    if lapsed:
        with database.transaction() as tx:
            _settle(tx, gateway, lapsed, verdicts, answers)
    return bool(lapsed)


def _verdict(gateway: Gateway, lapsed: Lapsed) -> str:
    return after_unknown(
        gateway.lookup(lapsed.sms),
        can_look_up=gateway.can_look_up,
        remembers_keys=gateway.remembers_keys,
        attempt=lapsed.attempt,
        most=MOST_ATTEMPTS,
    )


def _send_again(
    settings: Settings,
    gateway: Gateway,
    ask: Ask,
    again: Sequence[Lapsed],
    carried: Mapping[str, Sequence[Waiting]],
    now: datetime,
) -> dict[str, Answer]:
    """The same messages with the same key; an SMS whose telephone nobody knows now is absent."""
    residents = [waiting for each in again if each.audience == RESIDENT for waiting in carried[each.sms]]
    contacts = _ask(ask, residents) if residents else {}
    ready = []
    for each in again:
        waiting = tuple(carried[each.sms])
        contact = contacts.get(waiting[0].message.template, {}).get(waiting[0].message.case)
        if each.audience != RESIDENT:
            contact = {"mobile": waiting[0].mobile} if waiting[0].mobile else None
        if contact:
            ready.append(Sms(id=each.sms, attempt=each.attempt, contact=contact, carried=waiting))
    answers = _hand_over(gateway, settings, ready, now) if ready else []
    return {sms.id: answer for sms, answer in zip(ready, answers, strict=True)}


def _settle(
    tx: Connection,
    gateway: Gateway,
    lapsed: Sequence[Lapsed],
    verdicts: Mapping[str, str],
    answers: Mapping[str, Answer],
) -> None:
    now, endings, later = clock.now(tx), [], {}
    for each in lapsed:
        fate = answers[each.sms].fate if each.sms in answers else None
        if verdicts[each.sms] == "sent" or fate is Fate.SENT:
            endings.append(Ending(sms=each.sms, attempt=each.attempt, state="sent", message_state="sent"))
        elif verdicts[each.sms] == "held":
            endings.append(
                Ending(sms=each.sms, attempt=each.attempt, state="held", message_state="held", reason="unknown_outcome")
            )
        else:
            # Busy now says nothing about the first time: the key stays, and so does the question.
            later[each.sms] = now + back_off(each.attempt, chance())
    _end(tx, gateway, endings, now)
    if later:
        store.messages.let_lapse(tx, later)
