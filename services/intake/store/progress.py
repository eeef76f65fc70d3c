"""What dispatch and sla have published about cases, and a case's history as its holder is shown it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, cast

from sqlalchemy import Connection, Row, text

from services.intake.domain.holder import CaseHistory, Grade, Rating, Supplement
from services.intake.domain.progress import Handling, Pass, Progress, Promise
from services.intake.store.cases import COLUMNS, case_of
from services.intake.store.stored import plain, timed

# What the holder of the code sees, and the hash the code is compared with, in one statement.
HISTORY = text(f"""
    select {COLUMNS}, i.code_index, p.handling, p.promise,
        (select jsonb_agg(s order by s.at, s.id) from supplements s where s.number = c.number) as supplements,
        (select jsonb_agg(r order by r.round) from ratings r where r.number = c.number) as ratings
    from cases c join identities i using (number) left join progress p using (number)
    where c.number = :number
""")

ADD_SUPPLEMENT = text("insert into supplements (number, at, text, media) values (:number, :at, :text, :media)")
ADD_RATING = text("""
    insert into ratings (number, round, grade, comment, at) values (:number, :round, :grade, :comment, :at)
""")

# Rows are inserted before they are locked, so that two processes with the first events of one case wait for each other.
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


def case_history(tx: Connection, number: str) -> tuple[CaseHistory, bytes] | None:
    """The case with its history, and the keyed hash of its query code."""
    row = tx.execute(HISTORY, {"number": number}).one_or_none()
    return (_history(row), bytes(row.code_index)) if row else None


def add_supplement(tx: Connection, number: str, added: Supplement) -> None:
    """Stores what the resident added, as it was written."""
    tx.execute(ADD_SUPPLEMENT, {"number": number, **asdict(added)})


def add_rating(tx: Connection, number: str, rating: Rating) -> None:
    """Stores the resident's rating of a pass; each pass has at most one."""
    tx.execute(ADD_RATING, {"number": number, **asdict(rating)})


def progress(tx: Connection, numbers: Sequence[str]) -> dict[str, Progress]:
    """The progress of these cases, their rows locked in order until the transaction ends."""
    asked = {"numbers": sorted(set(numbers))}
    tx.execute(MAKE_PROGRESS, asked)
    return {row.number: _progress(row) for row in tx.execute(PROGRESS, asked)}


def save_progress(tx: Connection, changed: Mapping[str, Progress]) -> None:
    """Writes back what `progress` returned, changed."""
    rows = [{"number": number, **asdict(value)} for number, value in changed.items()]
    tx.execute(SAVE_PROGRESS, {"rows": json.dumps(rows, ensure_ascii=False, default=plain)})


def _progress(row: Row[Any]) -> Progress:
    return Progress(_handling(row.handling), timed(Promise, row.promise))


def _handling(stored: Mapping[str, Any] | None) -> Handling | None:
    found: Handling | None = timed(Handling, stored)
    if found is None:
        return None
    earlier = tuple(timed(Pass, cast(Any, each)) for each in found.earlier)
    return replace(found, earlier=earlier)


def _history(row: Row[Any]) -> CaseHistory:
    supplements = (timed(Supplement, each) for each in row.supplements or ())
    ratings = (timed(Rating, {**each, "grade": Grade(each["grade"])}) for each in row.ratings or ())
    return CaseHistory(
        case_of(row),
        _progress(row),
        tuple(supplements),
        tuple(ratings),
    )
