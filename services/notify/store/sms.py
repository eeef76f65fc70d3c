"""The SMS that carry messages: claimed under a lease, and found again when the lease has run out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from services.notify.store.messages import BEYOND, COLUMNS, StoredMessage, from_row


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedSms:
    """One SMS about to be handed to the gateway. `parts` is how many SMS it is billed as; `messages` are ids."""

    id: str
    audience: str
    parts: int
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LapsedSms:
    """A claimed SMS whose lease ran out and was renewed. `attempt` counts this one."""

    id: str
    audience: str
    attempt: int


def claim(tx: Connection, claimed: Sequence[ClaimedSms], gateway: str, now: datetime, lease_until: datetime) -> None:
    """Records, before the gateway is called, which SMS will carry which messages."""
    tx.execute(
        text("""
            insert into sms (id, gateway, audience, state, parts, lease_until, claimed_at)
            select id, :gateway, audience, 'claimed', parts, :lease_until, :now
            from unnest(cast(:ids as uuid[]), cast(:audiences as text[]), cast(:parts as int[]))
                as c (id, audience, parts)
        """),
        {
            "ids": [each.id for each in claimed],
            "audiences": [each.audience for each in claimed],
            "parts": [each.parts for each in claimed],
            "gateway": gateway,
            "lease_until": lease_until,
            "now": now,
        },
    )
    carried = [(each.id, message) for each in claimed for message in each.messages]
    tx.execute(
        text("""
            update messages m set state = 'claimed', sms = c.sms
            from unnest(cast(:messages as uuid[]), cast(:sms as uuid[])) as c (message, sms) where m.id = c.message
        """),
        {"messages": [message for _, message in carried], "sms": [sms for sms, _ in carried]},
    )


def lease_lapsed(tx: Connection, now: datetime, until: datetime, limit: int) -> list[LapsedSms]:
    """SMS whose outcome was not recorded in time, leased to the caller."""
    rows = tx.execute(
        text(f"""
            with lapsed as (
                select id from sms where state = 'claimed' and (lease_until <= :now or lease_until > {BEYOND})
                order by lease_until limit :limit for update skip locked)
            update sms s set lease_until = :until, attempt = s.attempt + 1
            from lapsed where s.id = lapsed.id returning s.id, s.audience, s.attempt
        """),
        {"now": now, "until": until, "limit": limit},
    )
    return [LapsedSms(id=str(row.id), audience=row.audience, attempt=row.attempt) for row in rows]


def end_lease(tx: Connection, moments: Mapping[str, datetime]) -> None:
    """Ends the leases of SMS of unknown fate at the moment given by id, when they will be looked up."""
    tx.execute(
        text("""
            update sms s set lease_until = l.lease_until
            from unnest(cast(:ids as uuid[]), cast(:moments as timestamptz[])) as l (id, lease_until)
            where s.id = l.id and s.state = 'claimed'
        """),
        {"ids": list(moments), "moments": list(moments.values())},
    )


def carried_by(tx: Connection, sms: Sequence[str]) -> dict[str, list[StoredMessage]]:
    """The messages of each SMS, those to staff with their telephone."""
    rows = tx.execute(
        text(f"""
            select {COLUMNS}, p.mobile from messages m left join posts p on p.recipient = m.recipient
            where m.sms = any(cast(:sms as uuid[])) order by m.planned_at, m.id
        """),
        {"sms": list(sms)},
    )
    found: dict[str, list[StoredMessage]] = {}
    for row in rows:
        found.setdefault(str(row.sms), []).append(from_row(row, row.mobile))
    return found
