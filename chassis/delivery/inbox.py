"""Events in, a batch at a time: load, fold, save, one commit, and the same result however often they arrive.

`seen` keeps one row per (producer, subject) and tells new from old for ever. An event whose fold fails goes to
`aside` in the batch's own transaction and its subject's later events join it there; every other subject flows on.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, text

from chassis import clock, failpoints, logs, metrics
from chassis.database import Database, is_gone
from chassis.delivery import aside, gate, outbox
from chassis.delivery.envelope import Draft, Event, Undecodable, decode
from chassis.delivery.gate import Rebuilding
from chassis.delivery.subscription import Subscription, fold_into

V = TypeVar("V")
log = logs.get(__name__)

Pair = tuple[str, str]
Place = tuple[int, int]
ALONE_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Message:
    """What the broker delivered, before anyone looked inside.

    `held`: this process tried it before, was left by its database, and lived.
    """

    headers: Mapping[str, Any]
    body: bytes
    redelivered: bool = False
    held: bool = False


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
    if all(message.held for message in messages) or _may_go_together(database, again):
        try:
            apply(database, subscription, messages, as_of)
            _forget_attempts(database, again)
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
        known = _lock_seen(tx, events)
        behind = aside.subjects(tx, list(known))
        fresh = _new(events, known)
        flowing = [pair for pair in fresh if (pair[1].source, pair[1].subject) not in behind]
        values = subscription.load(tx, [event for _, event in flowing]) if flowing else {}
        batch: _Batch[V] = _Batch(values, failed=failed)
        for message, event in fresh:
            _fold(subscription, batch, behind, message, event, now)
        if batch.changed:
            subscription.save(tx, batch.changed)
        outbox.put(tx, batch.drafts)
        aside.put(tx, batch.failed)
        _mark_seen(tx, [event for _, event in fresh])
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


def _lock_seen(tx: Connection, events: Sequence[tuple[Message, Event]]) -> dict[Pair, Place]:
    pairs = sorted({(event.source, event.subject) for _, event in events})
    return dict.fromkeys(pairs, (0, 0)) | lock_seen(tx, pairs)


def lock_seen(tx: Connection, pairs: Sequence[Pair]) -> dict[Pair, Place]:
    """How far each pair was read; the rows stay locked, so that two processes never fold one subject at once."""
    if not pairs:
        return {}
    rows = tx.execute(
        text("""
            select seen.source, seen.subject, seen.epoch, seen.last_seq
            from unnest(cast(:sources as text[]), cast(:subjects as text[])) as p (source, subject)
            join seen using (source, subject)
            order by seen.source, seen.subject
            for update of seen
        """),
        {"sources": [s for s, _ in pairs], "subjects": [s for _, s in pairs]},
    )
    return {(source, subject): (epoch, seq) for source, subject, epoch, seq in rows}


def _new(events: Sequence[tuple[Message, Event]], known: Mapping[Pair, Place]) -> list[tuple[Message, Event]]:
    reached = dict(known)
    fresh = []
    for message, event in events:
        pair = (event.source, event.subject)
        if event.place > reached[pair]:
            reached[pair] = event.place
            fresh.append((message, event))
    return fresh


def _fold(
    subscription: Subscription[V], batch: _Batch[V], behind: set[Pair], message: Message, event: Event, now: datetime
) -> None:
    pair = (event.source, event.subject)
    if pair in behind:
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
        behind.add(pair)


class Overtaken(RuntimeError):
    """Another process marked one of the batch's subjects first: this transaction rolls back and reads again."""


def _mark_seen(tx: Connection, events: Sequence[Event]) -> None:
    last = {(event.source, event.subject): event.place for event in events}
    if not last:
        return
    pairs = sorted(last)
    marked = tx.execute(
        text("""
            insert into seen (source, subject, epoch, last_seq)
            select * from unnest(
                cast(:sources as text[]), cast(:subjects as text[]), cast(:epochs as int[]), cast(:seqs as bigint[]))
            on conflict (source, subject) do update set epoch = excluded.epoch, last_seq = excluded.last_seq
            where (seen.epoch, seen.last_seq) < (excluded.epoch, excluded.last_seq)
        """),
        {
            "sources": [s for s, _ in pairs],
            "subjects": [s for _, s in pairs],
            "epochs": [last[pair][0] for pair in pairs],
            "seqs": [last[pair][1] for pair in pairs],
        },
    )
    if marked.rowcount != len(pairs):
        raise Overtaken


def _may_go_together(database: Database, again: Sequence[str]) -> bool:
    """Whether none of these redelivered events came again before: then they come from a hand-over, not from a kill.

    Should one of them be what kills the process, they all come once more, and go one by one.
    """
    if not again:
        return True
    with database.transaction() as tx:
        gate.enter(tx)
        new = tx.execute(
            text("""
                insert into attempt (event_id, attempts) select unnest(cast(:keys as text[])), 0
                on conflict do nothing
            """),
            {"keys": list(again)},
        ).rowcount
    return new == len(again)


def _apply_alone(database: Database, subscription: Subscription[V], message: Message) -> None:
    """Tries one event up to three times over all deliveries, then puts it aside."""
    key = _key(message)
    for _ in range(ALONE_ATTEMPTS):
        if _attempted(database, key) > ALONE_ATTEMPTS:
            break
        try:
            apply(database, subscription, [message])
        except Exception as error:
            if is_gone(error) or isinstance(error, Rebuilding):
                raise
            log.exception("event failed alone", id=key)
        else:
            _forget_attempts(database, [key])
            return
    _give_up(database, message, key)


# Counting need not outlive the database's own crash, so it does not wait for the disk: an event alone costs one flush
# instead of three. A kill of this process, which is what is counted, loses nothing that was committed.
_UNFLUSHED = text("set local synchronous_commit = off")


def _attempted(database: Database, key: str) -> int:
    with database.transaction() as tx:
        tx.execute(_UNFLUSHED)
        gate.enter(tx)  # waiting for a rebuild is no attempt
        count: int = tx.execute(
            text("""
                insert into attempt (event_id, attempts) values (:key, 1)
                on conflict (event_id) do update set attempts = attempt.attempts + 1
                returning attempts
            """),
            {"key": key},
        ).scalar_one()
        return count


def _forget_attempts(database: Database, keys: Sequence[str]) -> None:
    if keys:
        with database.transaction() as tx:
            tx.execute(_UNFLUSHED)
            tx.execute(text("delete from attempt where event_id = any(cast(:keys as text[]))"), {"keys": list(keys)})


def _key(message: Message) -> str:
    return str(message.headers.get("cloudEvents:id", ""))[:100]


def _give_up(database: Database, message: Message, key: str) -> None:
    event = decode(message.headers, message.body)
    with database.transaction() as tx:
        gate.enter(tx)
        known = _lock_seen(tx, [(message, event)])
        if event.place > known[event.source, event.subject]:
            aside.put(tx, [aside.Failed(message.headers, message.body, event, "failed three times alone")])
            _mark_seen(tx, [event])
        tx.execute(text("delete from attempt where event_id = :key"), {"key": key})
    metrics.EVENTS.labels(event.type, "aside").inc()


def _count(events: Sequence[Any], fresh: Sequence[tuple[Message, Event]], batch: _Batch[V]) -> None:
    failed = {id(f.event) for f in batch.failed}
    for _, event in fresh:
        metrics.EVENTS.labels(event.type, "aside" if id(event) in failed else "applied").inc()
    if len(events) > len(fresh):
        metrics.EVENTS.labels("any", "known").inc(len(events) - len(fresh))
