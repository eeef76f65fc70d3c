"""All SQL about photos and videos. Returns domain values; a row is locked where a change follows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from services.intake.domain.media import Kind, Media, Reason, Sight, Stage, State, Taken

COLUMNS = """m.id, m.kind, m.state, m.reason, m.size, m.ends, m.consent, m.created_at, m.number, m.stage, m.unit,
    m.bound_at, m.taken_at, m.latitude, m.longitude, m.width, m.height, m.seconds, m.sizes"""

ADD = text("""
    insert into media (id, token, source, kind, state, size, consent, created_at)
    values (:id, :token, :source, :kind, 'uploading', :size, :consent, :created_at)
""")
FOUND = text(f"select {COLUMNS}, m.token from media m where m.id = any(cast(:ids as text[])) order by m.id")
LOCKED = text(f"select {COLUMNS}, m.token from media m where m.id = any(cast(:ids as text[])) order by m.id for update")

# The offset is where the last piece ends: of two pieces sent for one place the second changes nothing.
GROW = text("""
    update media set ends = ends || cast(:end as bigint),
        state = case when :end = size then 'checking' else state end,
        arrived_at = case when :end = size then :now end,
        next_try = case when :end = size then :now end
    where id = :id and state = 'uploading' and coalesce(ends[cardinality(ends)], 0) = :start
""")
REFUSE = text(
    "update media set state = 'refused', reason = :reason where id = :id and state in ('uploading', 'checking')"
)
DROP = text("delete from media where id = :id and number is null")

UNSENT = text("""
    select coalesce(sum(size), 0) as bytes from media where source = :source and number is null and state <> 'refused'
""")

BIND = text("""
    update media set number = :number, stage = :stage, unit = :unit, bound_at = :now
    where id = any(cast(:ids as text[])) and number is null
""")

OF_CASE = text(f"select {COLUMNS} from media m where m.number = :number order by m.bound_at, m.created_at, m.id")
# Dispatch's part decides who sees a case's files; without it nobody has said anything yet.
SIGHT = text("""
    select p.handling from cases c left join progress p using (number) where c.number = :number
""")
ONE = text(f"""
    select {COLUMNS}, p.handling from media m left join progress p using (number)
    where m.id = :id and m.number is not null
""")

# The claim is committed before anything is decoded, so a file that kills its process is not claimed for ever.
CLAIM = text(f"""
    update media m set attempts = attempts + 1, next_try = :until
    where m.id = (
        select id from media where state = 'checking' and kind = :kind and next_try <= :now
        order by next_try limit 1 for update skip locked)
    returning {COLUMNS}, m.attempts
""")
READY = text("""
    update media set state = 'ready', sizes = cast(:sizes as jsonb), width = :width, height = :height,
        seconds = :seconds, taken_at = :taken_at, latitude = :latitude, longitude = :longitude
    where id = :id and state = 'checking'
""")
AGAIN = text("""
    update media set next_try = :at, attempts = attempts - cast(:uncounted as integer)
    where id = :id and state = 'checking'
""")
DUE = text("select exists (select from media where state = 'checking' and next_try <= clock_now())")

TO_CLEAR = text("""
    select id from media where state in ('ready', 'refused') and cardinality(ends) > 0 limit :batch
""")
CLEARED = text("update media set ends = '{}' where id = any(cast(:ids as text[]))")
# Refused first, so that nobody binds it between here and its deletion.
EXPIRE = text("""
    update media set state = 'refused' where id in (
        select id from media where number is null and created_at < :before limit :batch for update skip locked)
    returning id
""")
FORGOTTEN = text("delete from media where id = any(cast(:ids as text[])) and number is null")

WAITING = text("""
    select kind, count(*) as files, coalesce(extract(epoch from clock_now() - min(arrived_at)), 0) as oldest
    from media where state = 'checking' group by kind
""")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Files of one kind that wait to be developed, and the age in seconds of the oldest."""

    files: int
    oldest: float


def add(tx: Connection, media: Media, token: bytes, source: bytes) -> None:
    """A new upload; of its secret and its source only keyed hashes are kept."""
    names = ("id", "kind", "size", "consent", "created_at")
    tx.execute(ADD, {name: getattr(media, name) for name in names} | {"token": token, "source": source})


def found(tx: Connection, ids: Sequence[str], lock: bool = False) -> list[tuple[Media, bytes]]:
    """These files with the keyed hashes of their secrets, in order of id."""
    rows = tx.execute(LOCKED if lock else FOUND, {"ids": sorted(set(ids))})
    return [(_media(row), bytes(row.token)) for row in rows]


def grow(tx: Connection, id_: str, start: int, end: int, now: datetime) -> bool:
    """Records a piece that lies in the object store; false if another one was faster. The last makes it `checking`."""
    return tx.execute(GROW, {"id": id_, "start": start, "end": end, "now": now}).rowcount == 1


def refuse(tx: Connection, id_: str, reason: Reason) -> None:
    tx.execute(REFUSE, {"id": id_, "reason": reason})


def drop(tx: Connection, id_: str) -> None:
    """Deletes an upload that belongs to no case."""
    tx.execute(DROP, {"id": id_})


def unsent(tx: Connection, source: bytes) -> int:
    """Bytes that came from there and belong to no case yet."""
    return int(tx.execute(UNSENT, {"source": source}).scalar_one())


def bind(tx: Connection, ids: Sequence[str], number: str, stage: Stage, unit: str | None, now: datetime) -> None:
    tx.execute(BIND, {"ids": list(ids), "number": number, "stage": stage, "unit": unit, "now": now})


def of_case(tx: Connection, number: str) -> list[Media]:
    """A case's files, in the order they were added."""
    return [_media(row) for row in tx.execute(OF_CASE, {"number": number})]


def sight(tx: Connection, number: str) -> Sight | None:
    """What decides who sees the case's files; None if there is no such case."""
    row = tx.execute(SIGHT, {"number": number}).one_or_none()
    return _sight(row.handling) if row else None


def one(tx: Connection, id_: str) -> tuple[Media, Sight] | None:
    """A file of a case, with what decides who sees it."""
    row = tx.execute(ONE, {"id": id_}).one_or_none()
    return (_media(row), _sight(row.handling)) if row else None


def claim(tx: Connection, kind: Kind, now: datetime, until: datetime) -> tuple[Media, int] | None:
    """The file that waits longest, nobody else's until `until`, and which attempt this is."""
    row = tx.execute(CLAIM, {"kind": kind, "now": now, "until": until}).one_or_none()
    return (_media(row), row.attempts) if row else None


def ready(tx: Connection, id_: str, found: Mapping[str, Any]) -> None:
    """Records what the darkroom found: width, height, seconds, at, latitude, longitude, sizes."""
    names = ("width", "height", "seconds", "latitude", "longitude")
    values = {name: found.get(name) for name in names}
    tx.execute(READY, values | {"id": id_, "taken_at": found.get("at"), "sizes": json.dumps(found["sizes"])})


def again(tx: Connection, id_: str, at: datetime, uncounted: bool) -> None:
    """Lets it be claimed from `at` on; `uncounted` takes the attempt back, since the file was not to blame."""
    tx.execute(AGAIN, {"id": id_, "at": at, "uncounted": uncounted})


def to_clear(tx: Connection, batch: int) -> list[str]:
    """Files whose pieces are no longer needed."""
    return [row.id for row in tx.execute(TO_CLEAR, {"batch": batch})]


def cleared(tx: Connection, ids: Sequence[str]) -> None:
    tx.execute(CLEARED, {"ids": list(ids)})


def expire(tx: Connection, before: datetime, batch: int) -> list[str]:
    """Up to `batch` files begun before a moment that belong to no case; none of them can be bound from here on."""
    return [row.id for row in tx.execute(EXPIRE, {"before": before, "batch": batch})]


def forgotten(tx: Connection, ids: Sequence[str]) -> None:
    """Deletes the rows of files whose bytes are gone."""
    tx.execute(FORGOTTEN, {"ids": list(ids)})


def waiting(tx: Connection) -> dict[Kind, Waiting]:
    """What waits to be developed, by kind."""
    return {Kind(row.kind): Waiting(row.files, float(row.oldest)) for row in tx.execute(WAITING)}


def _media(row: Row[Any]) -> Media:
    return Media(
        id=row.id,
        kind=Kind(row.kind),
        state=State(row.state),
        size=row.size,
        consent=row.consent,
        created_at=row.created_at,
        ends=tuple(row.ends),
        reason=Reason(row.reason) if row.reason else None,
        number=row.number,
        stage=Stage(row.stage) if row.stage else None,
        unit=row.unit,
        bound_at=row.bound_at,
        taken=Taken(row.taken_at, row.latitude, row.longitude),
        width=row.width,
        height=row.height,
        seconds=row.seconds,
        sizes=row.sizes or {},
    )


def _sight(handling: Mapping[str, Any] | None) -> Sight:
    if not handling:
        return Sight()
    scopes = handling.get("scopes")
    return Sight(
        handling["state"],
        handling["unit"],
        None if scopes is None else tuple(scopes),
        tuple(handling.get("helpers") or ()),
        bool(handling.get("restricted")),
    )
