"""Messages, and the SMS that carry them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.notify.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message as it stands in the table. `mobile` only for staff, and only if the post has one."""

    id: str
    message: Message
    restricted: bool
    attempts: int
    ordered: bool
    state: str
    sms: str | None = None
    reason: str | None = None
    mobile: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One SMS about to be given to the gateway."""

    sms: str
    audience: str
    parts: int
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed:
    """A claimed SMS whose lease ran out, now leased again; `attempt` counts this one."""

    sms: str
    audience: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of one SMS (`state` of the table sms) and thereby of its messages (`message_state`)."""

    sms: str
    attempt: int
    state: str
    message_state: str
    reason: str | None = None
    next_try: datetime | None = None


# Nothing is put off this long: a later moment was written by a clock that has been set back since.
_BEYOND = "cast(:now as timestamptz) + interval '2 minutes'"
_COLUMNS = """
    m.id, m.case_number, m.event, m.seq, m.template, m.audience, m.recipient, m.params, m.recorded_at, m.useful_until,
    m.restricted, m.attempts, m.ordered, m.state, m.sms, m.reason
"""


def add(tx: Connection, planned: Iterable[tuple[Message, bool]], now: datetime) -> None:
    """Messages to be sent, each with whether its case is restricted; one that is there already stays as it is."""
    rows = [
        {
            "id": message.id,
            "case_number": message.case,
            "event": message.event,
            "seq": message.seq,
            "template": message.template,
            "audience": message.audience,
            "recipient": message.recipient,
            "params": dict(message.params),
            "recorded_at": message.recorded_at.isoformat(),
            "useful_until": message.useful_until.isoformat() if message.useful_until else None,
            "restricted": restricted,
        }
        for message, restricted in planned
    ]
    tx.execute(
        text("""
            insert into messages (id, case_number, event, seq, template, audience, recipient, params, recorded_at,
                useful_until, restricted, next_try, planned_at)
            select id, case_number, event, seq, template, audience, recipient, params, recorded_at,
                useful_until, restricted, :now, :now
            from jsonb_to_recordset(cast(:rows as jsonb)) as r (
                id uuid, case_number text, event text, seq bigint, template text, audience text, recipient text,
                params jsonb, recorded_at timestamptz, useful_until timestamptz, restricted boolean)
            on conflict (case_number, event, recipient) do nothing
        """),
        {"rows": json.dumps(rows, ensure_ascii=False), "now": now},
    )


def reserve_for_residents(tx: Connection, now: datetime, until: datetime, limit: int) -> list[Waiting]:
    """Due messages to residents, kept from other processes `until` then: long enough to ask for the telephones."""
    rows = tx.execute(
        text(f"""
            with due as (
                select id from messages where state = 'pending' and audience = 'resident'
                    and (next_try <= :now or next_try > {_BEYOND})
                order by next_try limit :limit for update skip locked)
            update messages m set next_try = :until, attempts = m.attempts + 1
            from due where m.id = due.id returning {_COLUMNS}
        """),
        {"now": now, "until": until, "limit": limit},
    )
    return [_waiting(row) for row in rows]


def lock_pending(tx: Connection, ids: Sequence[str]) -> list[Waiting]:
    """Those of `ids` that still wait, locked."""
    rows = tx.execute(
        text(f"""
            select {_COLUMNS} from messages m
            where id = any(cast(:ids as uuid[])) and state = 'pending' order by id for update skip locked
        """),
        {"ids": list(ids)},
    )
    return [_waiting(row) for row in rows]


def lock_for_staff(tx: Connection, now: datetime, opened_before: datetime, limit: int) -> list[Waiting]:
    """What is due for staff whose telephone may get an SMS now or is not known, locked."""
    rows = tx.execute(
        text(f"""
            select {_COLUMNS}, p.mobile from messages m
            left join posts p on p.recipient = m.recipient
            left join windows w on w.mobile = p.mobile
            where m.state = 'pending' and m.audience = 'unit' and (m.next_try <= :now or m.next_try > {_BEYOND})
                and (w.opened_at is null or w.opened_at <= :opened_before or w.opened_at > {_BEYOND})
            order by m.next_try, m.id limit :limit for update of m skip locked
        """),
        {"now": now, "opened_before": opened_before, "limit": limit},
    )
    return [_waiting(row, row.mobile) for row in rows]


def open_windows(tx: Connection, mobiles: Iterable[str], now: datetime, opened_before: datetime) -> set[str]:
    """The telephones whose window this transaction opened; another process may have been first for the others."""
    rows = tx.execute(
        text(f"""
            insert into windows as w (mobile, opened_at)
            select mobile, :now from unnest(cast(:mobiles as text[])) as m (mobile)
            on conflict (mobile) do update set opened_at = excluded.opened_at
                where w.opened_at <= :opened_before or w.opened_at > {_BEYOND}
            returning mobile
        """),
        {"mobiles": sorted(set(mobiles)), "now": now, "opened_before": opened_before},
    )
    return {row.mobile for row in rows}


def close_windows(tx: Connection, mobiles: Sequence[str]) -> None:
    """The SMS that opened them was surely not taken."""
    tx.execute(text("delete from windows where mobile = any(:mobiles)"), {"mobiles": list(mobiles)})


def claim(tx: Connection, claims: Sequence[Claim], gateway: str, now: datetime, lease_until: datetime) -> None:
    """Writes down, before the gateway is called, which SMS will carry which messages."""
    tx.execute(
        text("""
            insert into sms (id, gateway, audience, state, parts, lease_until, claimed_at)
            select id, :gateway, audience, 'claimed', parts, :lease_until, :now
            from unnest(cast(:ids as uuid[]), cast(:audiences as text[]), cast(:parts as int[]))
                as c (id, audience, parts)
        """),
        {
            "ids": [each.sms for each in claims],
            "audiences": [each.audience for each in claims],
            "parts": [each.parts for each in claims],
            "gateway": gateway,
            "lease_until": lease_until,
            "now": now,
        },
    )
    carried = [(each.sms, message) for each in claims for message in each.messages]
    tx.execute(
        text("""
            update messages m set state = 'claimed', sms = c.sms
            from unnest(cast(:messages as uuid[]), cast(:sms as uuid[])) as c (message, sms) where m.id = c.message
        """),
        {"messages": [message for _, message in carried], "sms": [sms for sms, _ in carried]},
    )


def end(tx: Connection, endings: Sequence[Ending], now: datetime) -> list[Waiting]:
    """Writes what became of the SMS and returns their messages.

    An ending whose attempt is not the newest comes from a process that was taken for dead, and changes nothing.
    """
    ended = tx.execute(
        text("""
            update sms s set state = e.state, ended_at = :now, reason = e.reason
            from unnest(
                    cast(:sms as uuid[]), cast(:attempts as int[]), cast(:states as text[]), cast(:reasons as text[]))
                as e (id, attempt, state, reason)
            where s.id = e.id and s.attempt = e.attempt and s.state = 'claimed' returning s.id
        """),
        {
            "sms": [each.sms for each in endings],
            "attempts": [each.attempt for each in endings],
            "states": [each.state for each in endings],
            "reasons": [each.reason for each in endings],
            "now": now,
        },
    )
    valid = {str(row.id) for row in ended}
    return _end_messages(tx, [each for each in endings if each.sms in valid], now)


def _end_messages(tx: Connection, endings: Sequence[Ending], now: datetime) -> list[Waiting]:
    rows = tx.execute(
        text(f"""
            update messages m set state = e.state, reason = e.reason,
                next_try = coalesce(e.next_try, m.next_try),
                sms = case when e.state = 'pending' then null else m.sms end,
                ended_at = case when e.state in ('sent', 'failed') then :now end,
                version = m.version + case when e.state in ('sent', 'failed') then 1 else 0 end
            from unnest(
                    cast(:sms as uuid[]), cast(:states as text[]), cast(:reasons as text[]),
                    cast(:next as timestamptz[]))
                as e (sms, state, reason, next_try)
            where m.sms = e.sms and m.state = 'claimed' returning {_COLUMNS}
        """),
        {
            "sms": [each.sms for each in endings],
            "states": [each.message_state for each in endings],
            "reasons": [each.reason for each in endings],
            "next": [each.next_try for each in endings],
            "now": now,
        },
    )
    return [_waiting(row) for row in rows]


def skip(tx: Connection, reasons: Mapping[str, str], now: datetime) -> None:
    """Messages that are no longer worth sending, by id."""
    tx.execute(
        text("""
            update messages m set state = 'skipped', reason = s.reason, ended_at = :now
            from unnest(cast(:ids as uuid[]), cast(:reasons as text[])) as s (id, reason) where m.id = s.id
        """),
        {"ids": list(reasons), "reasons": list(reasons.values()), "now": now},
    )


def postpone(tx: Connection, next_tries: Mapping[str, datetime]) -> None:
    """Messages that wait, by id, and until when."""
    tx.execute(
        text("""
            update messages m set
                next_try = p.next_try, attempts = m.attempts + case when m.audience = 'unit' then 1 else 0 end
            from unnest(cast(:ids as uuid[]), cast(:next as timestamptz[])) as p (id, next_try)
            where m.id = p.id and m.state = 'pending'
        """),
        {"ids": list(next_tries), "next": list(next_tries.values())},
    )


def lease_lapsed(tx: Connection, now: datetime, until: datetime, limit: int) -> list[Lapsed]:
    """SMS whose fate nobody wrote down in time, leased to the caller."""
    rows = tx.execute(
        text(f"""
            with lapsed as (
                select id from sms where state = 'claimed' and (lease_until <= :now or lease_until > {_BEYOND})
                order by lease_until limit :limit for update skip locked)
            update sms s set lease_until = :until, attempt = s.attempt + 1
            from lapsed where s.id = lapsed.id returning s.id, s.audience, s.attempt
        """),
        {"now": now, "until": until, "limit": limit},
    )
    return [Lapsed(sms=str(row.id), audience=row.audience, attempt=row.attempt) for row in rows]


def let_lapse(tx: Connection, moments: Mapping[str, datetime]) -> None:
    """When each of these SMS, still of unknown fate, is to be looked up."""
    tx.execute(
        text("""
            update sms s set lease_until = l.lease_until
            from unnest(cast(:ids as uuid[]), cast(:moments as timestamptz[])) as l (id, lease_until)
            where s.id = l.id and s.state = 'claimed'
        """),
        {"ids": list(moments), "moments": list(moments.values())},
    )


def carried_by(tx: Connection, sms: Sequence[str]) -> dict[str, list[Waiting]]:
    """The messages of each SMS, staff's with their telephone."""
    rows = tx.execute(
        text(f"""
            select {_COLUMNS}, p.mobile from messages m left join posts p on p.recipient = m.recipient
            where m.sms = any(cast(:sms as uuid[])) order by m.planned_at, m.id
        """),
        {"sms": list(sms)},
    )
    found: dict[str, list[Waiting]] = {}
    for row in rows:
        found.setdefault(str(row.sms), []).append(_waiting(row, row.mobile))
    return found


def of_case(tx: Connection, case: str) -> list[dict[str, Any]]:
    """What was planned and done for one case, oldest first: no text, no telephone."""
    rows = tx.execute(
        text("""
            select m.id, m.case_number as case, m.event, m.template, m.audience,
                nullif(m.recipient, 'resident') as recipient, m.state, m.reason, m.sms, s.gateway,
                m.recorded_at, m.ended_at
            from messages m left join sms s on s.id = m.sms
            where m.case_number = :case order by m.recorded_at, m.id
        """),
        {"case": case},
    )
    return [dict(row._mapping) | {"id": str(row.id), "sms": str(row.sms) if row.sms else None} for row in rows]


def held(tx: Connection) -> list[Waiting]:
    """Messages of unknown fate, oldest first."""
    rows = tx.execute(text(f"select {_COLUMNS} from messages m where m.state = 'held' order by m.recorded_at, m.id"))
    return [_waiting(row) for row in rows]


def lock(tx: Connection, message: str) -> Waiting | None:
    """One message by id, locked."""
    row = tx.execute(
        text(f"select {_COLUMNS} from messages m where m.id = cast(:id as uuid) for update"), {"id": message}
    ).one_or_none()
    return _waiting(row) if row else None


def order(tx: Connection, message: str, now: datetime) -> None:
    """A held message goes out again, whatever its age."""
    tx.execute(
        text("""
            update messages set state = 'pending', ordered = true, sms = null, reason = null, next_try = :now
            where id = cast(:id as uuid)
        """),
        {"id": message, "now": now},
    )


def drop(tx: Connection, message: str, reason: str, now: datetime) -> None:
    """A held message is given up."""
    tx.execute(
        text("""
            update messages set state = 'failed', reason = :reason, ended_at = :now, version = version + 1
            where id = cast(:id as uuid)
        """),
        {"id": message, "reason": reason, "now": now},
    )


def counts(tx: Connection) -> dict[str, int]:
    """How many messages stand in each state that is not an end."""
    rows = tx.execute(
        text("""
            select 'pending' as state, count(*) as number
                   from messages where state = 'pending' and audience = 'resident'
            union all select 'pending', count(*) from messages where state = 'pending' and audience = 'unit'
            union all select 'held', count(*) from messages where state = 'held'
            union all select 'claimed', count(*) from sms join messages m on m.sms = sms.id and m.state = 'claimed'
                      where sms.state = 'claimed'
        """)  # each by an index of its own
    )
    counted: Counter[str] = Counter()
    for row in rows:
        counted[row.state] += row.number
    return {state: number for state, number in counted.items() if number}


def oldest_due_seconds(tx: Connection, now: datetime) -> float:
    """How long the oldest message that is due has waited."""
    seconds = tx.execute(
        text("""
            select coalesce(extract(epoch from cast(:now as timestamptz) - min(planned_at)), 0) from (
                select planned_at from messages where state = 'pending' and audience = 'resident' and next_try <= :now
                union all
                select planned_at from messages where state = 'pending' and audience = 'unit' and next_try <= :now
            ) due
        """),  # each half by an index of its own
        {"now": now},
    ).scalar_one()
    return float(seconds)


def _waiting(row: Any, mobile: str | None = None) -> Waiting:
    return Waiting(
        id=str(row.id),
        message=Message(
            case=row.case_number,
            event=row.event,
            seq=row.seq,
            template=row.template,
            audience=row.audience,
            recipient=row.recipient,
            params=row.params,
            recorded_at=row.recorded_at,
            useful_until=row.useful_until,
        ),
        restricted=row.restricted,
        attempts=row.attempts,
        ordered=row.ordered,
        state=row.state,
        sms=str(row.sms) if row.sms else None,
        reason=row.reason,
        mobile=mobile,
    )
