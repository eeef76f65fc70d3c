"""Files that wait for the darkroom: claimed, published, tried again."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from services.intake.domain.media import Developed, Kind, Media
from services.intake.media.store.rows import COLUMNS, legal_states, media_of

# A next try further ahead than any claim reaches was written by a clock that has been set back since, and is due. The
# minute is for a transaction that began before another's claim.
# The claim is committed before anything is decoded, so that a file that kills its process is not claimed for ever.
CLAIM = text(f"""
    update media m set attempts = attempts + 1, next_try = :until
    where m.id = (
        select id from media where state = 'checking' and kind = :kind
            and (next_try <= :now or next_try > cast(:until as timestamptz) + interval '1 minute')
        order by next_try limit 1 for update skip locked)
    returning {COLUMNS}, m.attempts
""")
PUBLISH = text(f"""
    update media set state = 'ready', sizes = cast(:sizes as jsonb), width = :width, height = :height,
        seconds = :seconds, taken_at = :taken_at, latitude = :latitude, longitude = :longitude
    where id = :id and state in ({legal_states("publish")})
""")
RETRY = text("""
    update media set next_try = :at, attempts = attempts - cast(:uncounted as integer)
    where id = :id and state = 'checking'
""")
DUE = text("""
    select exists (select from media where state = 'checking'
        and (next_try <= clock_now() or next_try > clock_now() + make_interval(secs => :longest)))
""")

WAITING = text("""
    select kind, count(*) as files, coalesce(extract(epoch from clock_now() - min(arrived_at)), 0) as oldest
    from media where state = 'checking' group by kind
""")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Files of one kind that wait to be developed, and the age in seconds of the oldest."""

    files: int
    oldest: float


def claim(tx: Connection, kind: Kind, now: datetime, until: datetime) -> tuple[Media, int] | None:
    """The file that has waited longest, reserved until `until`, and the number of this attempt."""
    row = tx.execute(CLAIM, {"kind": kind, "now": now, "until": until}).one_or_none()
    return (media_of(row), row.attempts) if row else None


def publish(tx: Connection, id_: str, developed: Developed) -> None:
    """Makes a file `ready` with what the darkroom found out about it."""
    values = {name: getattr(developed, name) for name in ("width", "height", "seconds")}
    capture = {
        "taken_at": developed.capture.at,
        "latitude": developed.capture.latitude,
        "longitude": developed.capture.longitude,
    }
    tx.execute(PUBLISH, values | capture | {"id": id_, "sizes": json.dumps(dict(developed.sizes))})


def retry(tx: Connection, id_: str, at: datetime, uncounted: bool) -> None:
    """Lets a file be claimed again from `at` on; with `uncounted` this attempt does not count against the file."""
    tx.execute(RETRY, {"id": id_, "at": at, "uncounted": uncounted})


def waiting(tx: Connection) -> dict[Kind, Waiting]:
    """What waits to be developed, by kind."""
    return {Kind(row.kind): Waiting(row.files, float(row.oldest)) for row in tx.execute(WAITING)}
