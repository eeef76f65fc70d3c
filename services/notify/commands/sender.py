"""Messages out: claimed, handed to the gateway, and the outcome recorded; never twice, never silently lost.

The claim is committed before the gateway is called. Whatever happens between the two transactions, the SMS is found
again by its lease and looked up (`unknown.py`); what nobody can find out is held for a person.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection

from chassis import clock, failpoints
from chassis.database import Database
from chassis.delivery import outbox
from chassis.delivery.envelope import Draft
from services.notify import metrics, store
from services.notify.commands.published import message_draft
from services.notify.commands.sms import Sms, outcome_of
from services.notify.domain import segment, template
from services.notify.domain.gateway import Answer, Fate, Gateway, Outgoing
from services.notify.domain.message import State
from services.notify.settings import Settings
from services.notify.store.messages import StoredMessage
from services.notify.store.outcomes import Outcome
from services.notify.store.sms import ClaimedSms

BATCH = 50
LEASE = timedelta(seconds=30)
"""Longer than a batch can take at the slowest gateway. Once it is over, the process that claimed is presumed dead."""

Contacts: TypeAlias = Mapping[str, Mapping[str, str]]
Ask: TypeAlias = Callable[[str, Sequence[str]], Contacts | None]
"""(template, case numbers) → the telephone number and what else the template prints, by case number.

None if intake does not answer.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What sending takes: our database and settings, the gateway, and a way to ask intake for telephone numbers."""

    database: Database
    settings: Settings
    gateway: Gateway
    ask: Ask

    def contacts(self, due: Sequence[StoredMessage]) -> dict[str, Contacts]:
        """The contacts by template; a template is absent if nobody answered."""
        numbers: dict[str, set[str]] = {}
        for stored in due:
            numbers.setdefault(stored.message.template, set()).add(stored.message.case)
        answers: dict[str, Contacts] = {}
        for name, cases in numbers.items():
            answer = self._ask(name, sorted(cases))
            if answer is None:
                break  # the next question would only time out as well
            answers[name] = answer
        return answers

    def _ask(self, name: str, cases: Sequence[str]) -> Contacts | None:
        asked = time.monotonic()
        answer = self.ask(name, cases)
        metrics.count_contacts("silent" if answer is None else "answered", time.monotonic() - asked)
        return answer

    def claim(self, tx: Connection, claimed: Sequence[Sms], now: datetime) -> None:
        """Records which SMS will carry which messages; from the commit on they have a lease."""
        records = [
            ClaimedSms(
                id=sms.id,
                audience=sms.audience,
                parts=segment.parts(self.text_of(sms, now)),
                messages=tuple(stored.id for stored in sms.carried),
            )
            for sms in claimed
        ]
        if records:
            store.sms.claim(tx, records, self.gateway.name, now, now + LEASE)

    def text_of(self, sms: Sms, now: datetime) -> str:
        """The signed text of one SMS as it reads at `now`: made from parameters, never stored."""
        about = [(each.message.template, each.message.case) for each in sms.carried]
        if len(set(about)) > 1:
            return template.signed(self.settings.sms_signature, template.gathered(about))
        message = sms.carried[0].message
        words = {**message.params, "telephone": self.settings.telephone, **sms.contact}
        text = template.render(message.template, message.case, words, now)
        return template.signed(self.settings.sms_signature, text)

    def deliver(self, claimed: Sequence[Sms], now: datetime, started: float) -> None:
        """Hands over what was claimed at `now`, unless it was so long after `started` that the lease may run out.

        `started` is a reading of `time.monotonic()`. What is not handed over is looked up once its lease is over.
        """
        if not claimed or time.monotonic() - started > LEASE.total_seconds() / 2:
            return
        failpoints.hit("sending.claimed")
        answers = self.hand_over(claimed, now)
        failpoints.hit("sending.answered")
        with self.database.transaction() as tx:
            self._record_answers(tx, list(zip(claimed, answers, strict=True)), clock.now(tx))

    def _record_answers(self, tx: Connection, answered: Sequence[tuple[Sms, Answer]], now: datetime) -> None:
        outcomes = [outcome for sms, answer in answered if (outcome := outcome_of(sms, answer, now))]
        self.record(tx, outcomes, now)
        unknown = {sms.id: now for sms, answer in answered if answer.fate is Fate.UNKNOWN}
        if unknown:
            store.sms.end_lease(tx, unknown)
        not_taken = [sms.contact["mobile"] for sms, answer in answered if answer.fate is Fate.BUSY and sms.to_staff]
        if not_taken:
            store.windows.close_for(tx, not_taken)

    def hand_over(self, claimed: Sequence[Sms], now: datetime) -> list[Answer]:
        """The gateway's answer to each SMS, in order."""
        batch = [self._outgoing(sms, now) for sms in claimed]
        with metrics.GATEWAY_SECONDS.time():
            answers = self.gateway.send(batch)
        for outgoing, sms, answer in zip(batch, claimed, answers, strict=True):
            metrics.SMS.labels(self.gateway.name, answer.fate).inc()
            if answer.fate is Fate.SENT:
                metrics.SMS_PARTS.labels(sms.audience).inc(segment.parts(outgoing.text))
        return answers

    def _outgoing(self, sms: Sms, now: datetime) -> Outgoing:
        carried = tuple(stored.id for stored in sms.carried)
        return Outgoing(key=sms.id, to=sms.contact["mobile"], text=self.text_of(sms, now), at=now, messages=carried)

    def record(self, tx: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
        """Records outcomes, and publishes the messages that were sent or failed because of them."""
        if not outcomes:
            return
        changed = store.outcomes.record(tx, outcomes, now)
        outbox.put(tx, [self._draft(each, now) for each in changed if each.state in (State.SENT, State.FAILED)])
        for state in (State.SENT, State.FAILED, State.HELD):
            metrics.count_messages((each.message.template for each in changed if each.state is state), state)

    def _draft(self, ended: StoredMessage, now: datetime) -> Draft:
        failed_because = ended.reason or "refused" if ended.state is State.FAILED else None
        return message_draft(ended, self.gateway.name, now, failed_because=failed_because)
