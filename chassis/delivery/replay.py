"""Sends the event log to one consumer's queue again, before anything new reaches it.

Needed after a queue was deleted: the relay halts until this has run, and the consumer's inbox drops what it already
has.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import topology
from chassis.delivery.broker import Publisher, PublishFailed
from chassis.delivery.envelope import routing_key, source_of
from chassis.delivery.relay import QueueMissing, Relay
from chassis.settings import Settings

BATCH = 500


class ReplayRefused(RuntimeError):
    """The replay can't be done; the text says why and what to do."""


def replay(
    database: Database,
    settings: Settings,
    service: str,
    queue: str,
    since: datetime,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Publishes the service's logged events since `since` straight to `queue`, then lets the relay go on.

    Returns how many were sent. Raises ReplayRefused: no zone in `since`, nothing bound, the queue or the broker is
    missing.
    """
    known = topology.load()
    keys = known.bindings.get(queue, {}).get(f"{service}.events", ())
    if since.tzinfo is None:
        raise ReplayRefused("--since needs a time zone, e.g. 2026-11-24T08:00+08:00")
    if not keys:
        raise ReplayRefused(f"{queue} reads nothing from {service}")
    relay = Relay(database, settings.amqp_uri, service, source_of(settings.street, service), known)
    publisher = Publisher(settings.amqp_uri, f"{service} replay", relay.check_queues)
    try:
        return _send(database, relay, publisher, queue, keys, since, progress)
    except QueueMissing as error:
        raise ReplayRefused(f"{error}; run `python -m chassis.delivery.topology apply` first") from error
    except PublishFailed as error:
        raise ReplayRefused(f"the broker did not accept the events ({error}); run the command again") from error
    finally:
        publisher.close()


def _send(
    database: Database,
    relay: Relay,
    publisher: Publisher,
    queue: str,
    keys: Sequence[str],
    since: datetime,
    progress: Callable[[int], None],
) -> int:
    sent = position = 0
    while True:
        with database.transaction() as tx:
            # The relay's own lock: nothing new is published while the last batch is sent and the halt is lifted.
            tx.execute(text("select pg_advisory_xact_lock(hashtext('lianxin relay'))"))
            rows = (
                tx.execute(
                    text("""
                    select * from event_log
                    where position > :position and published_at >= :since order by position limit :batch
                """),
                    {"position": position, "since": since, "batch": BATCH},
                )
                .mappings()
                .all()
            )
            if not rows:
                tx.execute(text("delete from halt where queue = :queue"), {"queue": queue})
                return sent
            bound = [row for row in rows if routing_key(row["type"], row["version"], row["restricted"]) in keys]
            publisher.publish([relay.outgoing(row, to=queue) for row in bound])
        sent, position = sent + len(bound), rows[-1]["position"]
        progress(sent)
