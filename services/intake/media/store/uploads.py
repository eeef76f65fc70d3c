"""Files on their way: begun, grown piece by piece, refused, or bound to a case."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from services.intake.domain.media import Media, Reason, Stage
from services.intake.media.store.rows import COLUMNS, legal_states, media_of

ADD = text("""
    insert into media (id, token, source, kind, state, size, consent, created_at)
    values (:id, :token, :source, :kind, 'uploading', :size, :consent, :created_at)
""")
FOUND = text(f"select {COLUMNS}, m.token from media m where m.id = any(cast(:ids as text[])) order by m.id")
LOCKED = text(f"select {COLUMNS}, m.token from media m where m.id = any(cast(:ids as text[])) order by m.id for update")

# The offset is where the last piece ends: if two pieces are sent for one offset, the second changes nothing.
GROW = text(f"""
    update media set ends = ends || cast(:end as bigint),
        state = case when :end = size then 'checking' else state end,
        arrived_at = case when :end = size then :now end,
        next_try = case when :end = size then :now end
    where id = :id and state in ({legal_states("complete")}) and coalesce(ends[cardinality(ends)], 0) = :start
""")
REFUSE = text(f"""
    update media set state = 'refused', reason = :reason where id = :id and state in ({legal_states("refuse")})
""")
DROP = text("delete from media where id = :id and number is null")

UNSENT = text("""
    select coalesce(sum(size), 0) as bytes from media where source = :source and number is null and state <> 'refused'
""")

BIND = text("""
    update media set number = :number, stage = :stage, unit = :unit, bound_at = :now
    where id = any(cast(:ids as text[])) and number is null
""")


def add(tx: Connection, media: Media, token: bytes, source: bytes) -> None:
    """A new upload; only keyed hashes of its secret and its source are stored."""
    names = ("id", "kind", "size", "consent", "created_at")
    tx.execute(ADD, {name: getattr(media, name) for name in names} | {"token": token, "source": source})


def found(tx: Connection, ids: Sequence[str], lock: bool = False) -> list[tuple[Media, bytes]]:
    """These files with the keyed hashes of their secrets, in order of id."""
    rows = tx.execute(LOCKED if lock else FOUND, {"ids": sorted(set(ids))})
    return [(media_of(row), bytes(row.token)) for row in rows]


def grow(tx: Connection, id_: str, start: int, end: int, now: datetime) -> bool:
    """Records a piece that is in the object store; the last one makes the file `checking`.

    Returns False if another request was faster.
    """
    return tx.execute(GROW, {"id": id_, "start": start, "end": end, "now": now}).rowcount == 1


def refuse(tx: Connection, id_: str, reason: Reason) -> None:
    """Refuses a file, unless it is finished."""
    tx.execute(REFUSE, {"id": id_, "reason": reason})


def drop(tx: Connection, id_: str) -> None:
    """Deletes an upload that belongs to no case."""
    tx.execute(DROP, {"id": id_})


def unsent(tx: Connection, source: bytes) -> int:
    """Bytes from this source that belong to no case yet."""
    return int(tx.execute(UNSENT, {"source": source}).scalar_one())


def bind(tx: Connection, ids: Sequence[str], number: str, stage: Stage, unit: str | None, now: datetime) -> None:
    """Binds these files to a case, except those that belong to one already."""
    tx.execute(BIND, {"ids": list(ids), "number": number, "stage": stage, "unit": unit, "now": now})
