"""How often an address has tried something."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from services.intake.domain.rate_limit import RateLimit, Tally

# A count whose window has passed starts again; the database's clock decides. A window that ends further ahead than it
# is long was opened by a clock that has been set back since, and counts for nothing.
COUNT = text("""
    insert into tallies (key, count, until) values (:key, 1, :now + :window)
    on conflict (key) do update set
        count = case when tallies.until > :now and tallies.until <= :now + :window then tallies.count + 1 else 1 end,
        until = case when tallies.until > :now and tallies.until <= :now + :window then tallies.until
            else :now + :window end
    returning count as tries, until
""")

TALLIES = text("select key, count as tries, until from tallies where key = any(cast(:keys as bytea[]))")

FORGET = text("""
    delete from tallies where key in (
        select key from tallies where until <= :now limit :batch for update skip locked)
""")


def count_try(tx: Connection, key: bytes, limit: RateLimit, now: datetime) -> Tally:
    """Counts one try; returns the count including it."""
    row = tx.execute(COUNT, {"key": key, "now": now, "window": limit.window}).one()
    return Tally(row.tries, row.until)


def tallies(tx: Connection, keys: Sequence[bytes]) -> dict[bytes, Tally]:
    rows = tx.execute(TALLIES, {"keys": list(keys)})
    return {bytes(row.key): Tally(row.tries, row.until) for row in rows}


def forget_tallies(tx: Connection, now: datetime, batch: int) -> int:
    """Deletes up to `batch` counts whose window has passed; returns how many."""
    return tx.execute(FORGET, {"now": now, "batch": batch}).rowcount
