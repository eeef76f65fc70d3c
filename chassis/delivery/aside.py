"""Events that failed: kept in order by subject, retried with back-off, then parked for an operator."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from chassis import clock
from chassis.delivery.envelope import Event

# After the fourth failed retry a person has to look (design rule 7).
BACK_OFF_SECONDS = (1, 10, 60, 600)


@dataclass(frozen=True, slots=True)
class Failed:
    """A message to put aside. `event` is None where the message could not even be decoded."""

    headers: Mapping[str, Any]
    body: bytes
    event: Event | None
    error: str
    parked: bool = False


def reason(error: BaseException) -> str:
    """What an operator is told: the kind of error and, of our own errors only, the text.

    The text of a validation or driver error may quote a resident's words.
    """
    messages = getattr(error, "messages", None)  # marshmallow: field names, not values
    fields = f": {', '.join(sorted(map(str, messages)))}" if isinstance(messages, dict) else ""
    return f"{type(error).__name__}{fields}"


def subjects(tx: Connection, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of the (source, subject) pairs have events aside: their later events join them."""
    if not pairs:
        return set()
    rows = tx.execute(
        text("""
            select distinct source, subject
            from unnest(cast(:sources as text[]), cast(:subjects as text[])) as p (source, subject)
            join aside using (source, subject)
        """),
        {"sources": [s for s, _ in pairs], "subjects": [s for _, s in pairs]},
    )
    return {(source, subject) for source, subject in rows}


def put(tx: Connection, failed: Sequence[Failed]) -> None:
    """Keeps the messages, in order, in one statement."""
    if not failed:
        return
    tx.execute(
        text("""
            insert into aside (source, subject, epoch, seq, type, headers, body, error, next_try, parked_at)
            select f.source, f.subject, f.epoch, f.seq, f.type, f.headers, decode(f.body, 'hex'), f.error,
                   :now + make_interval(secs => :first), case when f.parked then :now end
            from jsonb_to_recordset(cast(:rows as jsonb)) as f (
                n int, source text, subject text, epoch int, seq bigint, type text, headers jsonb, body text,
                error text, parked boolean)
            order by f.n
        """),
        {
            "now": clock.now(tx),
            "first": BACK_OFF_SECONDS[0],
            "rows": json.dumps([_row(n, f) for n, f in enumerate(failed)]),
        },
    )


def _row(n: int, failed: Failed) -> dict[str, Any]:
    event = failed.event
    return {
        "n": n,
        "source": event.source if event else "undecodable",
        "subject": event.subject if event else _storable(failed.headers.get("cloudEvents:id", "unknown"))[:100],
        "epoch": event.epoch if event else 0,
        "seq": event.seq if event else 0,
        "type": event.type if event else "unknown",
        "headers": {_storable(k): _storable(v) for k, v in failed.headers.items()},
        "body": failed.body.hex(),
        "error": failed.error,
        "parked": failed.parked,
    }


def listed(tx: Connection, limit: int = 100, subject: str | None = None) -> Sequence[RowMapping]:
    """What waits, oldest first, of all subjects or one: for operators."""
    return (
        tx.execute(
            text("""
                select id, source, subject, type, epoch, seq, attempts, error, put_at, next_try, parked_at,
                       (select min(id) from aside b where b.source = a.source and b.subject = a.subject and b.id < a.id)
                           as behind
                from aside a where subject = :subject or cast(:subject as text) is null
                order by id limit :limit
            """),
            {"limit": limit, "subject": subject},
        )
        .mappings()
        .all()
    )


def passed_over(tx: Connection, limit: int = 100) -> Sequence[RowMapping]:
    """What operators skipped, newest first, with who and why."""
    return (
        tx.execute(
            text("""
                select id, source, subject, type, epoch, seq, error, skipped_at, skipped_by, reason
                from skipped order by skipped_at desc limit :limit
            """),
            {"limit": limit},
        )
        .mappings()
        .all()
    )


def again(tx: Connection, id_: int | None = None, subject: str | None = None) -> int:
    """Makes events due at once, with all their retries ahead of them; returns how many.

    They are those of the row `id_`'s subject, those of `subject`, or, with neither given, all that are aside.
    """
    tried: int = tx.execute(
        text("""
            update aside set attempts = 0, parked_at = null, next_try = clock_now()
            where (source, subject) in (
                select source, subject from aside
                where (id = :id or cast(:id as bigint) is null)
                  and (subject = :subject or cast(:subject as text) is null))
        """),
        {"id": id_, "subject": subject},
    ).rowcount
    return tried


def skip(tx: Connection, id_: int, why: str, who: str = "") -> bool:
    """Skips the event for good and keeps it with reason and person; the subject's later events flow on."""
    return bool(
        tx.execute(
            text("""
                with gone as (delete from aside where id = :id returning *)
                insert into skipped (id, source, subject, epoch, seq, type, headers, body, attempts,
                    next_try, parked_at, error, put_at, reason, skipped_by)
                select id, source, subject, epoch, seq, type, headers, body, attempts,
                    next_try, parked_at, error, put_at, :why, :who from gone
            """),
            {"id": id_, "why": why, "who": who},
        ).rowcount
    )


def _storable(value: Any) -> str:
    """PostgreSQL takes no NUL and no lone surrogate; a header may hold anything."""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()


def counts(tx: Connection) -> dict[str, int]:
    """Rows waiting for a retry and rows parked."""
    waiting, parked = tx.execute(
        text(
            "select count(*) filter (where parked_at is null), count(*) filter (where parked_at is not null) from aside"
        )
    ).one()
    return {"waiting": waiting, "parked": parked}


def backlog(tx: Connection) -> dict[str, int]:
    """Rows waiting and parked, the subjects blocked by a parked one, and all rows of these subjects."""
    row = tx.execute(
        text("""
            select count(*) filter (where stuck), coalesce(sum(number) filter (where stuck), 0)
            from (select bool_or(parked_at is not null) as stuck, count(*) as number
                  from aside group by source, subject) as subjects
        """)
    ).one()
    return counts(tx) | {"parked_subjects": row[0], "behind_parked": int(row[1])}
