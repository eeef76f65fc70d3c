"""Events in, a batch at a time: load, fold, save, one commit, and the same result however often they arrive.

`seen` keeps one row per (producer, subject) and tells new from old for ever. An event whose fold fails goes to
`aside` in the batch's own transaction and its subject's later events join it there; every other subject flows on.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from chassis import clock, failpoints, logs, metrics
from chassis.database import Database, is_gone
from chassis.delivery import aside, attempts, gate, outbox, seen
from chassis.delivery.envelope import Draft, Event, Message, Undecodable, decode
from chassis.delivery.gate import Rebuilding
from chassis.delivery.seen import Pair, Place
from chassis.delivery.subscription import Subscription, fold_into

V = TypeVar("V")
log = logs.get(__name__)

ALONE_ATTEMPTS = 3


@dataclass
class _Batch(Generic[V]):
    """What one transaction changes."""

    values: dict[str, V]
    changed: dict[str, V] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    failed: list[aside.Failed] = field(default_factory=list)


def receive(
    database: Database, subscription: Subscription[V], messages: Sequence[Message], as_of: datetime | None = None
) -> None:
    """Returns once every message is committed: applied, known already, or aside.

    `as_of`: everything published before it is in `messages` or was before. Raises only while the database is away
    (`is_gone`) or a projection is folded again (Rebuilding); the caller keeps the batch and tries again.
    """
    again = sorted({_key(message) for message in messages if message.redelivered})
    if all(message.held for message in messages) or attempts.begin(database, again):
        try:
            apply(database, subscription, messages, as_of)
            attempts.forget(database, again)
            return
        except Exception as error:
            if is_gone(error) or isinstance(error, Rebuilding):
                raise
            log.warning("batch rolled back, going one by one", size=len(messages), error=type(error).__name__)
    for message in messages:
        _apply_alone(database, subscription, message)
    if as_of:
        apply(database, subscription, (), as_of)


def apply(
    database: Database, subscription: Subscription[V], messages: Sequence[Message], as_of: datetime | None = None
) -> None:
    """One batch in one transaction. Raises Rebuilding."""
    failpoints.hit("inbox.before")
    with database.transaction() as tx:
        if messages:
            gate.enter(tx)
        now = clock.now(tx)
        events, failed = _decoded(messages)
        known = seen.lock_for(tx, [event for _, event in events])
        behind = aside.subjects(tx, list(known))
        fresh = _new(events, known)
        flowing = [pair for pair in fresh if pair[1].pair not in behind]
        values = subscription.load(tx, [event for _, event in flowing]) if flowing else {}
        batch: _Batch[V] = _Batch(values, failed=failed)
        for message, event in fresh:
            _fold(subscription, batch, behind, message, event, now)
        if batch.changed:
            subscription.save(tx, batch.changed)
        outbox.put(tx, batch.drafts)
        aside.put(tx, batch.failed)
        seen.mark(tx, [event for _, event in fresh])
        if as_of:
            _caught_up(tx, subscription, as_of)
        failpoints.hit("inbox.inside")
    _count(events, fresh, batch)


def _caught_up(tx: Connection, subscription: Subscription[V], as_of: datetime) -> None:
    metrics.INBOX_LAG_SECONDS.set((clock.now(tx) - as_of).total_seconds())
    if subscription.tick:
        subscription.tick(tx, as_of)


def _decoded(messages: Sequence[Message]) -> tuple[list[tuple[Message, Event]], list[aside.Failed]]:
    events, failed = [], []
    for message in messages:
        try:
            events.append((message, decode(message.headers, message.body)))
        except Undecodable as error:
            failed.append(aside.Failed(message.headers, message.body, None, str(error), parked=True))
    return events, failed


def _new(events: Sequence[tuple[Message, Event]], known: Mapping[Pair, Place]) -> list[tuple[Message, Event]]:
    reached = dict(known)
    fresh = []
    for message, event in events:
        if event.place > reached[event.pair]:
            reached[event.pair] = event.place
            fresh.append((message, event))
    return fresh


def _fold(
    subscription: Subscription[V], batch: _Batch[V], behind: set[Pair], message: Message, event: Event, now: datetime
) -> None:
    if event.pair in behind:
        batch.failed.append(aside.Failed(message.headers, message.body, event, "behind an earlier event put aside"))
        return
    began = time.perf_counter()
    try:
        fold_into(subscription, batch.values, batch.changed, batch.drafts, event, now)
        metrics.EVENT_SECONDS.labels(event.type, "applied").observe(time.perf_counter() - began)
    except Exception as error:
        metrics.EVENT_SECONDS.labels(event.type, "aside").observe(time.perf_counter() - began)
        log.exception("event put aside", id=event.id, type=event.type, subject=event.subject)
        batch.failed.append(aside.Failed(message.headers, message.body, event, aside.reason(error)))
        behind.add(event.pair)


def _apply_alone(database: Database, subscription: Subscription[V], message: Message) -> None:
    """Tries one event up to three times over all deliveries, then puts it aside."""
    key = _key(message)
    for _ in range(ALONE_ATTEMPTS):
        if attempts.count(database, key) > ALONE_ATTEMPTS:
            break
        try:
            apply(database, subscription, [message])
        except Exception as error:
            if is_gone(error) or isinstance(error, Rebuilding):
                raise
            log.exception("event failed alone", id=key)
        else:
            attempts.forget(database, [key])
            return
    _give_up(database, message, key)


def _key(message: Message) -> str:
    return str(message.headers.get("cloudEvents:id", ""))[:100]


def _give_up(database: Database, message: Message, key: str) -> None:
    event = decode(message.headers, message.body)
    with database.transaction() as tx:
        gate.enter(tx)
        known = seen.lock_for(tx, [event])
        if event.place > known[event.pair]:
            aside.put(tx, [aside.Failed(message.headers, message.body, event, "failed three times alone")])
            seen.mark(tx, [event])
        attempts.delete(tx, [key])
    metrics.EVENTS.labels(event.type, "aside").inc()


def _count(events: Sequence[Any], fresh: Sequence[tuple[Message, Event]], batch: _Batch[V]) -> None:
    failed = {id(f.event) for f in batch.failed}
    for _, event in fresh:
        metrics.EVENTS.labels(event.type, "aside" if id(event) in failed else "applied").inc()
    if len(events) > len(fresh):
        metrics.EVENTS.labels("any", "known").inc(len(events) - len(fresh))
