"""The one source of time: the database's `clock_now()`, read once per transaction."""

from datetime import datetime

from sqlalchemy import Connection, text


def now(tx: Connection) -> datetime:
    """The transaction's moment in UTC: the same value however often it is asked for."""
    known = tx.info.get("clock")
    if known is None or known[0] is not tx.get_transaction():
        known = (tx.get_transaction(), tx.execute(text("select clock_now()")).scalar_one())
        tx.info["clock"] = known
    moment: datetime = known[1]
    return moment


def shift(tx: Connection) -> bool:
    """Whether this database's clock was moved, which production refuses."""
    return bool(tx.execute(text("select shift <> interval '0' from clock_offset")).scalar_one())
