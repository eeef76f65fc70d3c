"""The relay: takes events from the outbox, has the broker confirm them, and moves them to the event log.

There is no leader: whoever gets the transaction's advisory lock relays one batch. It is the log's only writer, so that
`position` follows commit order and a cursor on it never misses a row. Order within a subject holds because its rows
are inserted under the subject's row lock and leave sorted by id.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from amqp import Connection as AmqpConnection
from sqlalchemy import Connection, RowMapping, text

from chassis import failpoints, logs, metrics
from chassis.database import Database
from chassis.delivery.broker import LOST, Outgoing, Publisher, PublishFailed, PublishRefused, missing_queues
from chassis.delivery.envelope import headers, routing_key
from chassis.delivery.topology import Topology

log = logs.get(__name__)

BATCH = 500
CHECK_QUEUES_SECONDS = 1.0
# The poll is quick while events flow and lazy when they do not (reliability.md section 2.2).
QUICK_SECONDS, LAZY_SECONDS, QUICK_FOR_SECONDS = 0.002, 0.05, 1.0
BROKER_AWAY_SECONDS = 0.5

ANY = text("select exists (select 1 from outbox where not held)")
CLAIM = text("""
    select o.* from outbox o
    where not o.held
      and not exists (select 1 from outbox h where h.held and h.subject = o.subject and h.id < o.id)
    order by o.id limit :batch
""")
MOVE = text("""
    with gone as (delete from outbox where id = any(cast(:ids as bigint[])) returning *)
    insert into event_log (
        event_id, type, version, subject, seq, epoch, partitionkey, restricted, time, traceparent, body)
    select event_id, type, version, subject, seq, epoch, partitionkey, restricted, time, traceparent, body
    from gone order by id
""")
LOCK = text("select pg_try_advisory_xact_lock(hashtext('lianxin relay'))")
PLACE = text("""
    update producer set
        epoch = greatest(epoch, :epoch) + 1, system_identifier = s.system_identifier, timeline = c.timeline_id,
        database = d.oid, written = pg_current_xact_id()
    from pg_control_system() s, pg_control_checkpoint() c, pg_database d
    where d.datname = current_database()
    returning epoch
""")


class QueueMissing(Exception):
    """A consumer's queue is missing: publishing would lose its copies."""

    def __init__(self, queues: Sequence[str]) -> None:
        super().__init__(f"queues missing: {', '.join(queues)}")
        self.queues = queues


class RestoredDatabase(RuntimeError):
    """The database is not the one in which this producer numbered its events."""


@dataclass
class Relay:
    """Relays one service's events; `step` does one batch and says how long to wait before the next."""

    database: Database
    uri: str
    service: str
    source: str
    topology: Topology

    def __post_init__(self) -> None:
        self.publisher = Publisher(self.uri, f"{self.service} relay", self.check_queues)
        self.checked = self.worked = 0.0
        self.missing = False

    def step(self) -> float:
        """One batch; the seconds to wait before the next. Never raises for a broker that is away."""
        try:
            moved = self._relay_or_hold()
        except QueueMissing as error:
            return self._halt(error)
        except (PublishFailed, *LOST) as error:
            self.publisher.close()
            log.warning("events wait, the broker is away", error=str(error))
            return BROKER_AWAY_SECONDS
        if moved:
            self.worked = time.monotonic()
        return QUICK_SECONDS if time.monotonic() - self.worked < QUICK_FOR_SECONDS else LAZY_SECONDS

    def _relay_or_hold(self) -> int:
        try:
            return self._relay()
        except PublishRefused as error:
            log.error("the broker refused an event", reason=str(error))
        # An event nobody gets may mean that its reader's queue was lost since the last check: then nothing is held.
        self.publisher.open()
        assert self.publisher.connection is not None
        self.check_queues(self.publisher.connection)
        self._row_by_row()
        return 1

    def _relay(self) -> int:
        self._check_now_and_then()
        if not self.database.holds(ANY):
            return 0
        with self.database.transaction() as tx:
            if not tx.execute(LOCK).scalar_one() or self._halted(tx):
                return 0
            rows = tx.execute(CLAIM, {"batch": BATCH}).mappings().all()
            if rows:
                failpoints.hit("relay.claimed")
                self._publish(tx, rows)
            return len(rows)

    def _publish(self, tx: Connection, rows: Sequence[RowMapping]) -> None:
        with metrics.RELAY_SECONDS.time():
            self.publisher.publish([self.outgoing(row) for row in rows])
            failpoints.hit("relay.confirmed")
            tx.execute(MOVE, {"ids": [row["id"] for row in rows]})
        for row in rows:
            metrics.RELAYED.labels(row["type"]).inc()

    def outgoing(self, row: RowMapping, to: str | None = None) -> Outgoing:
        """The message of an outbox or log row; `to` names the one queue it goes to instead of all that are bound."""
        key = routing_key(row["type"], row["version"], row["restricted"])
        return Outgoing(
            exchange=f"{self.service}.events",
            routing_key=f"to.{to}" if to else key,
            headers=headers(self.source, row),
            body=row["body"],
            mandatory=bool(to) or self.topology.is_bound(self.service, key),
        )

    def _check_now_and_then(self) -> None:
        if time.monotonic() - self.checked < CHECK_QUEUES_SECONDS:
            return
        if self.publisher.connection is None:
            self.publisher.open()
        else:
            self.publisher.idle()
            if self.publisher.connection is not None:
                self.check_queues(self.publisher.connection)

    def check_queues(self, connection: AmqpConnection) -> None:
        """Raises QueueMissing when a service of ours that reads this one has lost its inbox."""
        missing = missing_queues(connection, self.topology.queues_of(self.service))
        if missing:
            raise QueueMissing(missing)
        self.missing = False
        self.checked = time.monotonic()

    def _halt(self, error: QueueMissing) -> float:
        """Remembers the missing queues once anything was published: only `replay` may lift it then."""
        self.publisher.close()
        with self.database.transaction() as tx:
            tx.execute(
                text("""
                    insert into halt (queue) select unnest(cast(:queues as text[]))
                    where exists (select 1 from event_log) on conflict do nothing
                """),
                {"queues": list(error.queues)},
            )
        self.missing = True
        log.error("relay stopped", reason=str(error), remedy="topology apply, then replay --to")
        return CHECK_QUEUES_SECONDS

    def _halted(self, tx: Connection) -> bool:
        return bool(tx.execute(text("select exists (select 1 from halt)")).scalar_one())

    def _row_by_row(self) -> None:
        """After a refusal: everything but the refused row goes out; that row is held with its subject's later ones."""
        with self.database.transaction() as tx:
            if not tx.execute(LOCK).scalar_one():
                return
            held: set[str] = set()
            for row in tx.execute(CLAIM, {"batch": BATCH}).mappings().all():
                if row["subject"] in held:
                    continue
                try:
                    self._publish(tx, [row])
                except PublishRefused as error:
                    held.add(row["subject"])
                    _hold(tx, row["id"], str(error))

    def close(self) -> None:
        self.publisher.close()


def _hold(tx: Connection, id_: int, why: str) -> None:
    tx.execute(text("update outbox set held = true, held_because = :why where id = :id"), {"id": id_, "why": why})


def check_producer(tx: Connection) -> None:
    """Raises RestoredDatabase when this database is not the one that numbered its events, or was set back."""
    if not tx.execute(text("select producer_is_here()")).scalar_one():
        raise RestoredDatabase(
            "this database was restored or moved to another cluster; run `python -m services.<service> restored` "
            "so that events published from now on can be told from those published before"
        )


def restored(tx: Connection, seen: int = 0) -> int:
    """Accepts the database where it is now and raises the epoch; returns the new epoch.

    `seen` is the highest epoch a reader has of this producer: needed where the database was set back behind an earlier
    restore and has forgotten its epoch. What waits in the outbox is numbered anew, whoever wrote it before this.
    """
    # Waits for commands that read the old epoch and have not committed; the next ones wait and read the new one.
    tx.execute(text("lock table outbox in share row exclusive mode"))
    epoch: int = tx.execute(PLACE, {"epoch": seen}).scalar_one()
    tx.execute(text("insert into restores (epoch) values (:epoch)"), {"epoch": epoch})
    tx.execute(text("update outbox set epoch = :epoch"), {"epoch": epoch})
    return epoch


def halts(tx: Connection) -> list[str]:
    """The missing queues for which the relay has halted until `replay` has filled them."""
    return list(tx.execute(text("select queue from halt order by queue")).scalars())


def gauges(tx: Connection) -> dict[str, float]:
    """Rows waiting, seconds the oldest has waited, rows held: for metrics and `status`."""
    rows, oldest, held = tx.execute(
        text("""
            select count(*), coalesce(extract(epoch from clock_now() - min(time)), 0), count(*) filter (where held)
            from outbox
        """)
    ).one()
    return {"rows": rows, "oldest_seconds": max(0.0, float(oldest)), "held": held}


def held(tx: Connection, limit: int = 100) -> Sequence[RowMapping]:
    """The rows the broker refused, oldest first, each with how many wait behind it: for operators."""
    return (
        tx.execute(
            text("""
                select id, type, subject, seq, time, held_because as reason,
                       (select count(*) from outbox b where b.subject = h.subject and b.id > h.id) as behind
                from outbox h where held order by id limit :limit
            """),
            {"limit": limit},
        )
        .mappings()
        .all()
    )


def release(tx: Connection, id_: int | None = None) -> int:
    """Lets one held row, or all, be published again, in order; returns how many were held."""
    released: int = tx.execute(
        text("""
            update outbox set held = false, held_because = null
            where held and (id = :id or cast(:id as bigint) is null)
        """),
        {"id": id_},
    ).rowcount
    return released


def maintain(database: Database, weeks_ahead: int = 4, keep_days: int = 90) -> None:
    """Makes the log's next weekly partitions and drops those whose last event is older than is kept."""
    with database.transaction() as tx:
        tx.execute(text("select event_log_partitions(:weeks)"), {"weeks": weeks_ahead})
    with database.transaction() as tx:
        tx.execute(text("select event_log_expire(make_interval(days => :days))"), {"days": keep_days})
