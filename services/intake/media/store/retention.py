"""Files and pieces of files that are no longer needed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

LEFTOVER = text("""
    select id from media where state in ('ready', 'refused') and cardinality(ends) > 0 limit :batch
""")
PIECES_DELETED = text("update media set ends = '{}' where id = any(cast(:ids as text[]))")
# Refused first, so that no case is given a file whose bytes are about to be deleted.
EXPIRE = text("""
    update media set state = 'refused' where id in (
        select id from media where number is null and created_at < :before limit :batch for update skip locked)
    returning id
""")
DELETE_EXPIRED = text("delete from media where id = any(cast(:ids as text[])) and number is null")


def with_leftover_pieces(tx: Connection, batch: int) -> list[str]:
    """Files whose pieces are no longer needed."""
    return [row.id for row in tx.execute(LEFTOVER, {"batch": batch})]


def pieces_deleted(tx: Connection, ids: Sequence[str]) -> None:
    """Records that the pieces of these files are gone."""
    tx.execute(PIECES_DELETED, {"ids": list(ids)})


def expire(tx: Connection, before: datetime, batch: int) -> list[str]:
    """Refuses up to `batch` files begun before a moment that belong to no case, and returns their ids."""
    return [row.id for row in tx.execute(EXPIRE, {"before": before, "batch": batch})]


def delete_expired(tx: Connection, ids: Sequence[str]) -> None:
    """Deletes the rows of files whose bytes are gone."""
    tx.execute(DELETE_EXPIRED, {"ids": list(ids)})
