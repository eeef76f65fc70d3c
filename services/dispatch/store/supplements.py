"""What residents added to their letters. Who may see it is decided by the case's row, which is read first."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, text

from services.dispatch.domain.supplement import Supplement
from services.dispatch.store.documents import as_json

SAVE_SUPPLEMENTS = text("""
    insert into supplements (number, seq, at, text, media)
    select number, seq, at, text, media from jsonb_to_recordset(cast(:rows as jsonb))
        as r (number text, seq integer, at timestamptz, text text, media integer)
    on conflict do nothing
""")
SUPPLEMENTS_OF = text("select number, seq, at, text, media from supplements where number = :number order by at, seq")


def save_supplements(tx: Connection, added: Sequence[Supplement]) -> None:
    """Adds those that are not stored yet."""
    if added:
        tx.execute(SAVE_SUPPLEMENTS, {"rows": as_json([asdict(each) for each in added])})


def supplements_of(tx: Connection, number: str) -> list[Supplement]:
    """In the order in which they were added."""
    rows = tx.execute(SUPPLEMENTS_OF, {"number": number})
    return [Supplement(row.number, row.seq, row.at, row.text, row.media) for row in rows]
