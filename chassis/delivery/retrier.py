"""The background duty that tries events put aside again, in order within their subject."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from chassis import clock, logs
from chassis.database import Database
from chassis.delivery import aside, gate, outbox, seen
from chassis.delivery.envelope import Draft, Event, Undecodable, decode
from chassis.delivery.gate import Rebuilding
from chassis.delivery.subscription import Subscription, fold_into

log = logs.get(__name__)

APART_SECONDS = 5.0  # two transactions' times may lie this far apart
# Further ahead than any wait reaches, a next try was written by a clock that has been set back since: it is due.
ANY = text("""
    select exists (select 1 from aside where parked_at is null
        and (next_try <= clock_now() or next_try > clock_now() + make_interval(secs => :longest)))
""")
# The first row of a subject whose time has come; SKIP LOCKED shares the work between replicas.
DUE = text("""
    select a.id, a.source, a.subject, a.headers, a.body, a.attempts from aside a
    where a.parked_at is null
      and (a.next_try <= clock_now() or a.next_try > clock_now() + make_interval(secs => :longest))
      and not exists (select 1 from aside b where b.source = a.source and b.subject = a.subject and b.id < a.id)
    order by a.next_try limit 1 for update of a skip locked
""")


def replay_one(
    database: Database, subscription: Subscription[Any], back_off: Sequence[float] = aside.BACK_OFF_SECONDS
) -> bool:
    """Tries the next due event again; false when none is due."""
    longest = {"longest": max(*back_off, aside.BACK_OFF_SECONDS[0]) + APART_SECONDS}
    if not database.holds(ANY, longest):
        return False
    with database.transaction() as tx:
        try:
            gate.enter(tx)
        except Rebuilding:
            return False
        row = tx.execute(DUE, longest).mappings().one_or_none()
        if row is None:
            return False
        seen.lock(tx, [(row["source"], row["subject"])])
        attempt = tx.begin_nested()
        try:
            _apply(tx, subscription, decode(row["headers"], bytes(row["body"])))
            attempt.commit()
        except Exception as error:
            attempt.rollback()
            _failed_again(tx, row["id"], row["attempts"], error, back_off)
        else:
            tx.execute(text("delete from aside where id = :id"), {"id": row["id"]})
        return True


def _apply(tx: Connection, subscription: Subscription[Any], event: Event) -> None:
    changed: dict[str, Any] = {}
    drafts: list[Draft] = []
    fold_into(subscription, subscription.load(tx, [event]), changed, drafts, event, clock.now(tx))
    if changed:
        subscription.save(tx, changed)
    outbox.put(tx, drafts)


def _failed_again(tx: Connection, id_: int, attempts: int, error: Exception, back_off: Sequence[float]) -> None:
    parked = attempts + 1 >= len(back_off) or isinstance(error, Undecodable)
    log.warning("retry failed", aside=id_, attempts=attempts + 1, parked=parked, error=aside.reason(error))
    tx.execute(
        text("""
            update aside set attempts = :attempts, error = :error,
                   next_try = clock_now() + make_interval(secs => :wait),
                   parked_at = case when :parked then clock_now() end
            where id = :id
        """),
        {
            "id": id_,
            "attempts": attempts + 1,
            "error": aside.reason(error),
            "wait": back_off[min(attempts + 1, len(back_off) - 1)],
            "parked": parked,
        },
    )
