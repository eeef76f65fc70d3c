"""The work log: every step of a case, in full, with who caused it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.dispatch.domain.case import Fact
from services.dispatch.domain.work import Entry
from services.dispatch.store.documents import as_json


@dataclass(frozen=True, slots=True)
class Work:
    """One line of a case's work log; `seq` is that of the event it became, None for a unit's own note."""

    seq: int | None
    type: str
    at: datetime
    who: str
    says: Mapping[str, Any]


ADD_WORK = text("""
    insert into work_log (case_number, seq, type, at, who, says)
    select case_number, seq, type, at, who, says from jsonb_to_recordset(cast(:rows as jsonb))
        as r (case_number text, seq integer, type text, at timestamptz, who text, says jsonb)
""")


def add_work(tx: Connection, facts: Sequence[tuple[Fact, str]]) -> None:
    """Appends to the work logs: each fact with who caused it."""
    if facts:
        tx.execute(ADD_WORK, {"rows": as_json([_work_row(fact, who) for fact, who in facts])})


def add_entry(tx: Connection, entry: Entry, who: str) -> None:
    """Appends what no event tells."""
    tx.execute(
        text("""
            insert into work_entries (case_number, revision, type, at, who, says)
            values (:number, :revision, :type, :at, :who, cast(:says as jsonb))
        """),
        {
            "number": entry.number,
            "revision": entry.revision,
            "type": entry.type,
            "at": entry.at,
            "who": who,
            "says": as_json(entry.says),
        },
    )


def work_of(tx: Connection, number: str) -> list[Work]:
    rows = tx.execute(
        text("""
            select seq, type, at, who, says from work_log where case_number = :number
            union all
            select null, type, at, who, says from work_entries where case_number = :number
            order by at, seq nulls last
        """),
        {"number": number},
    )
    return [Work(row.seq, row.type, row.at, row.who, row.says) for row in rows]


def _work_row(fact: Fact, who: str) -> dict[str, Any]:
    return {
        "case_number": fact.case.number,
        "seq": fact.case.version,
        "type": fact.type,
        "at": fact.at,
        "who": who,
        "says": {**fact.says, **fact.noted},
    }
