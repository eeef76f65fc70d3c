"""Pending messages whose time has come: reserved, locked, skipped or postponed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from services.notify.store.messages import BEYOND, COLUMNS, StoredMessage, from_row


def reserve_for_residents(tx: Connection, now: datetime, until: datetime, limit: int) -> list[StoredMessage]:
    """Due messages to residents, reserved `until` then: long enough to ask for the telephone numbers."""
    rows = tx.execute(
        text(f"""
            with due as (
                select id from messages where state = 'pending' and audience = 'resident'
                    and (next_try <= :now or next_try > {BEYOND})
                order by next_try limit :limit for update skip locked)
            update messages m set next_try = :until, attempts = m.attempts + 1
            from due where m.id = due.id returning {COLUMNS}
        """),
        {"now": now, "until": until, "limit": limit},
    )
    return [from_row(row) for row in rows]


def lock_pending(tx: Connection, ids: Sequence[str]) -> list[StoredMessage]:
    """Those of `ids` that are still pending, locked; those another process holds are left out."""
    rows = tx.execute(
        text(f"""
            select {COLUMNS} from messages m
            where id = any(cast(:ids as uuid[])) and state = 'pending' order by id for update skip locked
        """),
        {"ids": list(ids)},
    )
    return [from_row(row) for row in rows]


def lock_for_staff(tx: Connection, now: datetime, opened_before: datetime, limit: int) -> list[StoredMessage]:
    """Due messages to staff whose telephone may get an SMS now or is unknown, locked."""
    rows = tx.execute(
        text(f"""
            select {COLUMNS}, p.mobile from messages m
            left join posts p on p.recipient = m.recipient
            left join windows w on w.mobile = p.mobile
            where m.state = 'pending' and m.audience = 'unit' and (m.next_try <= :now or m.next_try > {BEYOND})
                and (w.opened_at is null or w.opened_at <= :opened_before or w.opened_at > {BEYOND})
            order by m.next_try, m.id limit :limit for update of m skip locked
        """),
        {"now": now, "opened_before": opened_before, "limit": limit},
    )
    return [from_row(row, row.mobile) for row in rows]


def skip(tx: Connection, reasons: Mapping[str, str], now: datetime) -> None:
    """Marks messages as not worth sending any more, with the reason by id."""
    tx.execute(
        text("""
            update messages m set state = 'skipped', reason = s.reason, ended_at = :now
            from unnest(cast(:ids as uuid[]), cast(:reasons as text[])) as s (id, reason) where m.id = s.id
        """),
        {"ids": list(reasons), "reasons": list(reasons.values()), "now": now},
    )


def postpone(tx: Connection, next_tries: Mapping[str, datetime]) -> None:
    """Puts messages off until the moment given by id."""
    tx.execute(
        text("""
            update messages m set
                next_try = p.next_try, attempts = m.attempts + case when m.audience = 'unit' then 1 else 0 end
            from unnest(cast(:ids as uuid[]), cast(:next as timestamptz[])) as p (id, next_try)
            where m.id = p.id and m.state = 'pending'
        """),
        {"ids": list(next_tries), "next": list(next_tries.values())},
    )
