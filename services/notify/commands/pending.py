"""Pending messages that do not go out now: no longer worth sending, or to be tried later."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import SystemRandom

from sqlalchemy import Connection

from services.notify import metrics, store
from services.notify.domain.message import why_skip
from services.notify.domain.retrying import LONGEST, back_off
from services.notify.store.messages import StoredMessage

chance = SystemRandom().random


def wait(attempt: int, longest: timedelta = LONGEST) -> timedelta:
    """How long to wait after `attempt` tries, spread at random so that processes do not try in step."""
    return back_off(attempt, chance(), longest)


def worth_sending(tx: Connection, found: Sequence[StoredMessage], now: datetime) -> list[StoredMessage]:
    """Those that are still true and not too old; the others are marked as skipped (design rule 9)."""
    cases = store.cases.load(tx, [each.message.case for each in found], lock=False) if found else {}
    letters = [each.message.params["letter"] for each in found if "letter" in each.message.params]
    states = store.letters.states(tx, letters) if letters else {}
    reasons = {
        each.id: why_skip(
            each.message, cases[each.message.case], states.get(each.message.params.get("letter", "")), now, each.ordered
        )
        for each in found
    }
    skip(tx, found, {id_: reason for id_, reason in reasons.items() if reason}, now)
    return [each for each in found if not reasons[each.id]]


def skip(tx: Connection, found: Sequence[StoredMessage], reasons: Mapping[str, str], now: datetime) -> None:
    """Marks those of `found` that have a reason as skipped."""
    if reasons:
        store.due.skip(tx, reasons, now)
        metrics.count_messages((each.message.template for each in found if each.id in reasons), "skipped")


def postpone(tx: Connection, found: Sequence[StoredMessage], now: datetime, longest: timedelta = LONGEST) -> None:
    """Tries `found` again later: after 1 s, doubling with each attempt up to `longest`."""
    if found:
        waits = {each.id: wait(each.attempts or 1, longest) for each in found}
        store.due.postpone(tx, {id_: now + waited for id_, waited in waits.items()})
