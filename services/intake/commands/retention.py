"""Deletes what is no longer kept."""

from datetime import timedelta

from sqlalchemy import Connection

from chassis import clock
from services.intake import store

BATCH = 1000


def clean_up(tx: Connection, access_kept: timedelta) -> bool:
    """Deletes a batch of expired counts, and of entries of the access log older than `access_kept`.

    Returns True while there may be more.
    """
    now = clock.now(tx)
    deleted = (
        store.forget_tallies(tx, now, BATCH),
        store.forget_access(tx, now - access_kept, BATCH),
    )
    return max(deleted) >= BATCH
