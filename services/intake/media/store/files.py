"""The files of a case, and what decides who sees them."""

from sqlalchemy import Connection, text

from services.intake.domain.media import Media
from services.intake.domain.media_access import Visibility
from services.intake.media.store.rows import COLUMNS, media_of, visibility_of

OF_CASE = text(f"select {COLUMNS} from media m where m.number = :number order by m.bound_at, m.created_at, m.id")
# Dispatch's view decides who sees a case's files; it is null until dispatch has published one.
VISIBILITY = text("""
    select p.handling from cases c left join progress p using (number) where c.number = :number
""")
ONE = text(f"""
    select {COLUMNS}, p.handling from media m left join progress p using (number)
    where m.id = :id and m.number is not null
""")


def of_case(tx: Connection, number: str) -> list[Media]:
    """A case's files, in the order they were added."""
    return [media_of(row) for row in tx.execute(OF_CASE, {"number": number})]


def visibility(tx: Connection, number: str) -> Visibility | None:
    """What decides who sees the case's files; None if there is no such case."""
    row = tx.execute(VISIBILITY, {"number": number}).one_or_none()
    return visibility_of(row.handling) if row else None


def one(tx: Connection, id_: str) -> tuple[Media, Visibility] | None:
    """A file of a case, with what decides who sees it."""
    row = tx.execute(ONE, {"id": id_}).one_or_none()
    return (media_of(row), visibility_of(row.handling)) if row else None
