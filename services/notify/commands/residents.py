"""Messages to residents, each an SMS of its own, to a telephone number that intake is asked for at that moment."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from chassis import clock
from services.notify import store
from services.notify.commands import pending
from services.notify.commands.sender import BATCH, Contacts, Sender
from services.notify.commands.sms import Sms, new_sms
from services.notify.store.messages import StoredMessage

RESERVED = timedelta(seconds=10)
"""Longer than asking for telephone numbers may take, so that no other process asks for the same ones meanwhile."""
SILENCE = timedelta(seconds=5)
"""Longest wait before intake is asked again: one question covers a whole batch, so asking is cheap."""


def send_to_residents(sender: Sender) -> bool:
    """Sends one batch; true if any message was due."""
    with sender.database.transaction() as tx:
        now = clock.now(tx)
        due = store.due.reserve_for_residents(tx, now, now + RESERVED, BATCH)
    if not due:
        return False
    contacts = sender.contacts(due)
    started = time.monotonic()
    with sender.database.transaction() as tx:
        now = clock.now(tx)
        pending.postpone(tx, [each for each in due if each.message.template not in contacts], now, SILENCE)
        answered = [each for each in due if each.message.template in contacts]
        claimed = _claimed(tx, answered, contacts, now)
        sender.claim(tx, claimed, now)
    sender.deliver(claimed, now, started)
    return True


def _claimed(
    tx: Connection, answered: Sequence[StoredMessage], contacts: Mapping[str, Contacts], now: datetime
) -> list[Sms]:
    """An SMS for each message that is worth sending; skips those whose writer left no telephone number."""
    found = store.due.lock_pending(tx, [each.id for each in answered]) if answered else []
    claimed, unreachable = [], {}
    for stored in pending.worth_sending(tx, found, now):
        contact = contacts[stored.message.template].get(stored.message.case)
        if contact is None:
            unreachable[stored.id] = "no_contact"
        else:
            claimed.append(new_sms(contact, [stored]))
    pending.skip(tx, found, unreachable, now)
    return claimed
