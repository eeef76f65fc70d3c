"""Messages as the table holds them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.notify.domain.message import Message, State

COLUMNS = """
    m.id, m.case_number, m.event, m.seq, m.template, m.audience, m.recipient, m.params, m.recorded_at, m.useful_until,
    m.restricted, m.attempts, m.ordered, m.state, m.sms, m.reason
"""
# No wait is this long: a moment further ahead was written by a clock that has been set back since.
BEYOND = "cast(:now as timestamptz) + interval '2 minutes'"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message and how far it has come.

    `ordered`: a person asked for it to be sent. `mobile` is given for staff only, and only if the post has one.
    """

    id: str
    message: Message
    restricted: bool
    attempts: int
    ordered: bool
    state: State
    sms: str | None = None
    reason: str | None = None
    mobile: str | None = None


def add(tx: Connection, planned: Iterable[tuple[Message, bool]], now: datetime) -> None:
    """Adds messages, each with whether its case is restricted. One that exists stays as it is."""
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


def of_case(tx: Connection, case: str) -> list[dict[str, Any]]:
    """The messages of one case and what became of them, oldest first: no text, no telephone number."""
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


def from_row(row: Any, mobile: str | None = None) -> StoredMessage:
    """A row of COLUMNS."""
    return StoredMessage(
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
        state=State(row.state),
        sms=str(row.sms) if row.sms else None,
        reason=row.reason,
        mobile=mobile,
    )
