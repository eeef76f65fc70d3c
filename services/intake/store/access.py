"""The access log: every read of a person's data."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class Access:
    """One read of a person's data: who, why and which fields."""

    number: str
    who: str
    why: str
    what: tuple[str, ...]


LOG = text("""
    insert into access_log (at, number, who, why, what)
    select :at, number, who, why, what
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (number text, who text, why text, what text[])
""")

# The oldest have the smallest ids, near enough: one batch is inspected, however few of its rows are due.
FORGET_ACCESS = text("""
    delete from access_log where id in (
        select id from (select id, at from access_log order by id limit :batch) oldest where at < :before)
""")


def log_access(tx: Connection, at: datetime, reads: Sequence[Access]) -> None:
    """Records reads of personal data; part of the transaction that reads them."""
    if reads:
        tx.execute(LOG, {"at": at, "rows": json.dumps([asdict(read) for read in reads])})


def forget_access(tx: Connection, before: datetime, batch: int) -> int:
    """Deletes up to `batch` reads of personal data from before a moment; returns how many."""
    return tx.execute(FORGET_ACCESS, {"before": before, "batch": batch}).rowcount
