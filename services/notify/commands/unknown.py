"""SMS of unknown fate: after a timeout, a 500, or a crash between the claim and its outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from chassis import clock
from services.notify import store
from services.notify.commands import pending
from services.notify.commands.sender import BATCH, LEASE, Sender
from services.notify.commands.sms import Sms
from services.notify.domain.gateway import Answer, Fate, Gateway
from services.notify.domain.retrying import after_unknown
from services.notify.domain.template import RESIDENT
from services.notify.store.messages import StoredMessage
from services.notify.store.outcomes import Outcome
from services.notify.store.sms import LapsedSms

MOST_ATTEMPTS = 20
"""Look-ups of one SMS before a person is asked: about a quarter of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _LookedUp:
    """An SMS whose lease lapsed, and what to do about it (`retrying.after_unknown`)."""

    sms: LapsedSms
    carried: tuple[StoredMessage, ...]
    verdict: str


def resolve_unknown(sender: Sender) -> bool:
    """Looks up one batch and acts on what it finds; true if there was any."""
    with sender.database.transaction() as tx:
        now = clock.now(tx)
        lapsed = store.sms.lease_lapsed(tx, now, now + LEASE, BATCH)
        carried = store.sms.carried_by(tx, [each.id for each in lapsed]) if lapsed else {}
    looked_up = [
        _LookedUp(sms=each, carried=tuple(carried[each.id]), verdict=_verdict(sender.gateway, each)) for each in lapsed
    ]
    answers = _send_again(sender, [each for each in looked_up if each.verdict == "again"], now)
    if looked_up:
        with sender.database.transaction() as tx:
            _settle(tx, sender, looked_up, answers)
    return bool(looked_up)


def _verdict(gateway: Gateway, lapsed: LapsedSms) -> str:
    return after_unknown(
        gateway.lookup(lapsed.id),
        can_look_up=gateway.can_look_up,
        remembers_keys=gateway.remembers_keys,
        attempt=lapsed.attempt,
        most=MOST_ATTEMPTS,
    )


def _send_again(sender: Sender, again: Sequence[_LookedUp], now: datetime) -> dict[str, Answer]:
    """Hands over the same messages with the same key; an SMS whose telephone nobody knows now is absent."""
    residents = [stored for each in again if each.sms.audience == RESIDENT for stored in each.carried]
    contacts = sender.contacts(residents) if residents else {}
    ready = []
    for each in again:
        first = each.carried[0]
        contact = contacts.get(first.message.template, {}).get(first.message.case)
        if each.sms.audience != RESIDENT:
            contact = {"mobile": first.mobile} if first.mobile else None
        if contact:
            ready.append(Sms(id=each.sms.id, attempt=each.sms.attempt, contact=contact, carried=each.carried))
    answers = sender.hand_over(ready, now) if ready else []
    return {sms.id: answer for sms, answer in zip(ready, answers, strict=True)}


def _settle(tx: Connection, sender: Sender, looked_up: Sequence[_LookedUp], answers: Mapping[str, Answer]) -> None:
    now, outcomes, later = clock.now(tx), [], {}
    for each in looked_up:
        sms, answer = each.sms, answers.get(each.sms.id)
        if each.verdict == "sent" or (answer and answer.fate is Fate.SENT):
            outcomes.append(Outcome(sms=sms.id, attempt=sms.attempt, command="deliver"))
        elif each.verdict == "held":
            outcomes.append(Outcome(sms=sms.id, attempt=sms.attempt, command="hold", reason="unknown_outcome"))
        else:
            # Busy now says nothing about the first time: the key stays, and so does the question.
            later[sms.id] = now + pending.wait(sms.attempt)
    sender.record(tx, outcomes, now)
    if later:
        store.sms.end_lease(tx, later)
