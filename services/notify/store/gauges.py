"""How much waits, and for how long: for `status` and the metrics."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, text


def messages(tx: Connection) -> dict[str, int]:
    """The number of messages in each state that is not final."""
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
    """Seconds the oldest due message has waited; 0 if none is due."""
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


def letters(tx: Connection) -> dict[str, int]:
    """The number of letters in each state that is not final."""
    rows = tx.execute(
        text("""
            select state, count(*) as number from letters where state in ('proposed', 'signed', 'issued') group by state
        """)
    )
    return {row.state: row.number for row in rows}


def oldest_signed_seconds(tx: Connection, now: datetime) -> float:
    """Seconds the oldest signed letter has waited to be printed; 0 if none waits."""
    seconds = tx.execute(
        text("""
            select coalesce(extract(epoch from cast(:now as timestamptz) - min(signed_at)), 0)
            from letters where state = 'signed'
        """),
        {"now": now},
    ).scalar_one()
    return float(seconds)
