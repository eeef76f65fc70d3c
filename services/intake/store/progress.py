"""What dispatch and sla have told about cases, and what the holder of a query code is shown of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, text

from services.intake.case import Case
from services.intake.progress import Handling, Progress, Promise
from services.intake.store.cases import COLUMNS, case_of
from services.intake.store.stored import plain, timed

# What the holder of the code sees, and the hash the code is compared with, in one statement.
FOR_RESIDENT = text(f"""
    select {COLUMNS}, i.code_index, p.handling, p.promise
    from cases c join identities i using (number) left join progress p using (number)
    where c.number = :number
""")

# Rows are made before they are locked, so that two processes with the first events of one case wait for each other.
MAKE_PROGRESS = text("""
    insert into progress (number) select unnest(cast(:numbers as text[])) on conflict (number) do nothing
""")

PROGRESS = text("""
    select p.number, p.handling, p.promise from progress p
    where p.number = any(cast(:numbers as text[])) order by p.number for update
""")

SAVE_PROGRESS = text("""
    update progress p set handling = r.handling, promise = r.promise
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (number text, handling jsonb, promise jsonb)
    where p.number = r.number
""")


def for_resident(tx: Connection, number: str) -> tuple[Case, Progress, bytes] | None:
    """The case, how it stands, and the keyed hash of its query code."""
    row = tx.execute(FOR_RESIDENT, {"number": number}).one_or_none()
    return (case_of(row), _progress(row), bytes(row.code_index)) if row else None


def progress(tx: Connection, numbers: Sequence[str]) -> dict[str, Progress]:
    """How these cases stand, their rows locked in order until the transaction ends."""
    asked = {"numbers": sorted(set(numbers))}
    tx.execute(MAKE_PROGRESS, asked)
    return {row.number: _progress(row) for row in tx.execute(PROGRESS, asked)}


def save_progress(tx: Connection, changed: Mapping[str, Progress]) -> None:
    """Writes what `progress` gave out, changed."""
    rows = [{"number": number, **asdict(value)} for number, value in changed.items()]
    tx.execute(SAVE_PROGRESS, {"rows": json.dumps(rows, ensure_ascii=False, default=plain)})


def _progress(row: Row[Any]) -> Progress:
    return Progress(timed(Handling, row.handling), timed(Promise, row.promise))
