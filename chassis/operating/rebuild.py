"""Rebuilds a projection from its producers' logs without acting on them: no event, message or letter results.

Everything happens in one transaction behind the gate. Readers see the old projection until it commits, and batches
wait in the worker's hand, so nothing ever acts on a half-built one. Only what this reader has seen is folded, up to
exactly the place `seen` records: anything newer arrives by the queue and acts as always.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, text

from chassis.database import Database
from chassis.delivery import aside, gate
from chassis.delivery.envelope import Event, decode, headers, source_of
from chassis.delivery.subscription import Subscription
from chassis.delivery.topology import Topology
from chassis.operating import sections
from chassis.operating.reconcile import KEY, STREAMED, bindings, patiently

V = TypeVar("V")
T = TypeVar("T")
BATCH = 500


class RebuildRefused(RuntimeError):
    """The projection can't be rebuilt; the text says why. Nothing was changed."""


class _OnlyTried(Exception):
    """Rolls back what a dry run did."""


@dataclass(frozen=True)
class Projection(Generic[V]):
    """State that a service derives from other services' events and from nothing else.

    `tables` are emptied, each named with the column that holds the key, children first. `subscription` reads its
    events; `fold` is pure and acts on nothing: the value of a key after one more event. `save` writes values whose
    rows are gone.
    """

    tables: Sequence[tuple[str, str]]
    subscription: Subscription[Any]
    fold: Callable[[V | None, Event], V]
    save: Callable[[Connection, Mapping[str, V]], None]


@dataclass
class Rebuilt:
    """What was done. Keys left unchanged: `older` than the logs, or `moved` on since the logs were written."""

    keys: int = 0
    events: int = 0
    older: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)


WHOLE_LOG = text(f"""
    select e.*, first.subject is not null as whole
    from event_log e left join (select distinct subject from event_log where seq = 1) first using (subject)
    where {KEY} = any(cast(:keys as text[]))
""")


def export(database: Database, topology: Topology, street: str, producer: str, reader: str) -> Iterator[str]:
    """Every event in the producer's log that the reader is bound to, as JSON lines. Raises RebuildRefused.

    `whole` says whether the log still holds the subject's first event.
    """
    keys, source = bindings(topology, producer).get(reader), source_of(street, producer)
    if not keys:
        raise RebuildRefused(f"{reader} reads nothing from {producer}")
    with database.transaction() as tx:
        patiently(tx)
        found = tx.execute(WHOLE_LOG, {"keys": keys}, execution_options=STREAMED).mappings()
        rows = ({"headers": headers(source, row), "body": row["body"], "whole": row["whole"]} for row in found)
        yield from sections.written({"producer": producer, "source": source, "reader": reader}, rows)


def rebuild(
    database: Database, projection: Projection[Any], reader: str, lines: Iterable[str], trial: bool = False
) -> Rebuilt:
    """Rebuilds the projection from what the producers' `export` wrote; a `trial` changes nothing.

    Raises RebuildRefused, Unreadable.
    """
    result = Rebuilt()
    try:
        with database.transaction() as tx:
            patiently(tx)
            tx.execute(text("set local lock_timeout = '60s'"))
            gate.close(tx)
            _load(tx, reader, lines)
            _choose(tx, result)
            _clear(tx, projection)
            _fold(tx, projection, result)
            if trial:
                raise _OnlyTried
    except _OnlyTried:
        pass
    return result


def _load(tx: Connection, reader: str, lines: Iterable[str]) -> None:
    """The logs into a table of this session; sorting, comparing and memory are the database's."""
    tx.execute(LOADED)
    sources = set()
    for heading, rows in sections.read(lines, reader):
        sources.add(heading["source"])
        for batch in _batches(rows, BATCH):
            tx.execute(LOAD, {"rows": json.dumps([_loaded(row) for row in batch], ensure_ascii=False)})
    missing = tx.execute(text("select distinct source from seen where source <> all(:given)"), {"given": list(sources)})
    if lacking := sorted(missing.scalars()):
        raise RebuildRefused(f"the log of {', '.join(lacking)} is missing: its events were read as well")
    tx.execute(text("analyze rebuild_log"))


def _loaded(row: Mapping[str, Any]) -> dict[str, Any]:
    event = decode(row["headers"], row["body"])
    if event.subject != event.partitionkey:
        raise RebuildRefused(
            f"{event.type} of {event.subject} belongs to {event.partitionkey}: it cannot be rebuilt by subject"
        )
    return {"source": event.source, "subject": event.subject, "epoch": event.epoch, "seq": event.seq, **row}


def _choose(tx: Connection, result: Rebuilt) -> None:
    """Keys whose whole history is in the logs of all their sources, up to the very event that was seen last."""
    tx.execute(CHOSEN)
    for row in tx.execute(text("select key, whole from rebuild_key where not (whole and reached) order by key")):
        (result.moved if row.whole else result.older).append(row.key)


def _clear(tx: Connection, projection: Projection[Any]) -> None:
    """What is not left as it is goes, also rows that no event ever made."""
    for table, column in projection.tables:
        tx.execute(text(f"delete from {table} where {column} not in ({LEFT})"))


def _fold(tx: Connection, projection: Projection[Any], result: Rebuilt) -> None:
    for batch in _batches(_values(tx.execute(EVENTS, execution_options=STREAMED), projection, result), BATCH):
        projection.save(tx, dict(batch))


def _values(rows: Iterable[Any], projection: Projection[V], result: Rebuilt) -> Iterator[tuple[str, V]]:
    """Each key with its value after all its events: one key at a time, each source's events in order."""
    for key, group in groupby(rows, lambda row: str(row.subject)):
        value: V | None = None
        for row in group:
            value = _folded(projection, value, decode(row.headers, row.body))
            result.events += 1
        if value is not None:
            result.keys += 1
            yield key, value


def _folded(projection: Projection[V], value: V | None, event: Event) -> V | None:
    try:
        understood = projection.subscription.understood(event)
        return value if understood is None else projection.fold(value, understood)
    except Exception as error:
        raise RebuildRefused(f"{event.type} {event.id} of {event.subject} failed: {aside.reason(error)}") from error


def _batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(values)
    while batch := list(islice(left, size)):
        yield batch


LOADED = text("""
    create temporary table rebuild_log (
        source text, subject text, epoch integer, seq bigint, whole boolean, headers jsonb, body text,
        primary key (subject, source, epoch, seq)
    ) on commit drop
""")
LOAD = text("""
    insert into rebuild_log
    select source, subject, epoch, seq, whole, headers, body from jsonb_to_recordset(cast(:rows as jsonb)) as r (
        source text, subject text, epoch integer, seq bigint, whole boolean, headers jsonb, body text)
    on conflict do nothing
""")
# reached: the log holds the very event that was seen last. whole: it holds the first one of every source that spoke.
CHOSEN = text("""
    create temporary table rebuild_key on commit drop as
    select s.subject as key, bool_and(r.subject is not null) as reached, bool_and(coalesce(w.whole, false)) as whole
    from seen s
    left join rebuild_log r
        on (r.source, r.subject, r.epoch, r.seq) = (s.source, s.subject, s.epoch, s.last_seq)
    left join (select source, subject, bool_or(whole) as whole from rebuild_log group by source, subject) w
        on (w.source, w.subject) = (s.source, s.subject)
    group by s.subject
""")
# Events aside are not applied yet and act when they are; skipped ones never are. Both stay out.
EVENTS = text("""
    select l.subject, l.headers, l.body
    from rebuild_log l join rebuild_key k on k.key = l.subject and k.whole and k.reached
        join seen s on (s.source, s.subject) = (l.source, l.subject) and (s.epoch, s.last_seq) >= (l.epoch, l.seq)
    where not exists (
        select 1 from aside a where (a.source, a.subject, a.epoch, a.seq) = (l.source, l.subject, l.epoch, l.seq))
      and not exists (
        select 1 from skipped x where (x.source, x.subject, x.epoch, x.seq) = (l.source, l.subject, l.epoch, l.seq))
    order by l.subject, l.source, l.epoch, l.seq
""")
LEFT = "select key from rebuild_key where not (whole and reached)"
