"""Which serials of a day have been handed out."""

from datetime import date

from sqlalchemy import Connection, text

from services.intake.errors import NumbersUnsafe

BLOCK = text("""
    insert into number_blocks (day, taken) values (:day, :first - 1 + :size)
    on conflict (day) do update set taken = greatest(number_blocks.taken, :first - 1) + :size
    returning taken
""")

# The epoch counts all restores, including those that a later restore has removed from the table.
RESTORES = text("""
    select producer_is_here() as here, producer.epoch - coalesce(
        (select max(epoch) from restores where cast(at at time zone 'Asia/Shanghai' as date) < :day), 1) as restores
    from producer
""")


def restores(tx: Connection, day: date) -> int:
    """How often this database was restored on `day` (Asia/Shanghai) or later.

    Raises NumbersUnsafe after it was set back, until somebody has run `restored`.
    """
    row = tx.execute(RESTORES, {"day": day}).one()
    if not row.here:
        raise NumbersUnsafe()
    return int(row.restores)


def reserve_block(tx: Connection, day: date, size: int, first: int) -> tuple[int, int]:
    """Reserves a block of this day's serials, none below `first`; returns its first and last serial."""
    taken: int = tx.execute(BLOCK, {"day": day, "size": size, "first": first}).scalar_one()
    return taken - size + 1, taken
