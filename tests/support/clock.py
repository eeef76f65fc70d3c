"""A service's clock, moved."""

from datetime import timedelta

from sqlalchemy import text

from chassis.database import Database


def move_clock(database: Database, shift: timedelta) -> None:
    """Sets how far `clock_now()` runs ahead of the server's clock."""
    with database.transaction() as tx:
        tx.execute(text("update clock_offset set shift = :shift"), {"shift": shift})
