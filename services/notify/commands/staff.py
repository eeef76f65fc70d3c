"""Messages to staff, gathered: at most one SMS per telephone and window."""

import time
from datetime import datetime, timedelta

from sqlalchemy import Connection

from chassis import clock
from services.notify import store
from services.notify.commands import pending
from services.notify.commands.sender import Sender
from services.notify.commands.sms import Sms, new_sms
from services.notify.domain.window import gather, opened_before

BATCH = 1000


def send_to_staff(sender: Sender) -> bool:
    """Sends what is due to every telephone that may get an SMS now; true if any was sent."""
    started = time.monotonic()
    window = timedelta(seconds=sender.settings.sms_window)
    with sender.database.transaction() as tx:
        now = clock.now(tx)
        claimed = _claimed(tx, window, now)
        sender.claim(tx, claimed, now)
    sender.deliver(claimed, now, started)
    return bool(claimed)


def _claimed(tx: Connection, window: timedelta, now: datetime) -> list[Sms]:
    """One SMS for each telephone whose window could be opened; puts off what has no telephone yet."""
    before = opened_before(window, now)
    due = store.due.lock_for_staff(tx, now, before, BATCH)
    worth = pending.worth_sending(tx, due, now) if due else []
    pending.postpone(tx, [each for each in worth if each.mobile is None], now)
    together = gather((each.mobile, each) for each in worth if each.mobile is not None)
    opened = store.windows.open_for(tx, together, now, before) if together else set()
    return [new_sms({"mobile": mobile}, together[mobile]) for mobile in sorted(opened)]
