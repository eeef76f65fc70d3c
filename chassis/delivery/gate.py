"""What stops batches while a projection is rebuilt: every batch enters through the gate, and a rebuild closes it.

The gate is a lock of the transaction, so it opens by itself when the rebuild commits, fails or is killed.
"""

from sqlalchemy import Connection, text

PASS = text("select pg_try_advisory_xact_lock_shared(hashtext('lianxin rebuild'))")
CLOSE = text("select pg_advisory_xact_lock(hashtext('lianxin rebuild'))")


class Rebuilding(RuntimeError):
    """A rebuild is in progress: whoever holds events keeps them and tries again."""


def enter(tx: Connection) -> None:
    """For the rest of the transaction no rebuild begins. Raises Rebuilding while one is in progress."""
    if not tx.execute(PASS).scalar_one():
        raise Rebuilding


def close(tx: Connection) -> None:
    """Waits for those inside; for the rest of the transaction nobody enters."""
    tx.execute(CLOSE)
