"""Deletes files that no case has claimed, and the pieces of files that are finished."""

from datetime import timedelta

from chassis import clock
from chassis.database import Database
from services.intake.domain.media_keys import pieces_below, renditions_below
from services.intake.media.context import MediaContext
from services.intake.media.store import retention

UNBOUND = timedelta(hours=24)
"""How long a file may wait for its letter."""
BATCH = 50


def forget(database: Database, context: MediaContext) -> bool:
    """Deletes one batch; True while there may be more. Raises StoreUnavailable."""
    with database.transaction() as tx:
        finished = retention.with_leftover_pieces(tx, BATCH)
        expired = retention.expire(tx, clock.now(tx) - UNBOUND, BATCH)
    for prefix in [pieces_below(id_) for id_ in finished + expired] + [renditions_below(id_) for id_ in expired]:
        context.objects.forget(prefix)
    if finished or expired:
        with database.transaction() as tx:
            retention.pieces_deleted(tx, finished)
            retention.delete_expired(tx, expired)
    return max(len(finished), len(expired)) >= BATCH
