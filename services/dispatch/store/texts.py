"""The letters' texts as they are searched: plain, and cut into pairs of characters. Written once, with the letter."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.dispatch.domain.case import Case
from services.dispatch.domain.likeness import NEAR_WITHIN, pairs, plain
from services.dispatch.domain.requests import Search
from services.dispatch.store.documents import as_json
from services.dispatch.store.lists import ENTRY, SEEN, Entry, entry_of

SAVE_TEXTS = text("""
    insert into case_texts (number, submitted_at, place, words, pairs)
    select number, submitted_at, place, words, pairs from jsonb_to_recordset(cast(:rows as jsonb))
        as r (number text, submitted_at timestamptz, place text, words text, pairs text[])
    on conflict (number) do nothing
""")
FILTERS = {
    "number": "c.number like :number || '%'",
    "state": "c.state = :state",
    "unit": "c.unit = :unit",
    "since": "c.submitted_at >= :since",
    "until": "c.submitted_at < :until",
    "after": "c.number < :after",
}
# The same place or the same telephone within the days before; what of it is alike is judged by the domain.
NEAR = text(f"""
    with near as (
        select number from case_texts where place = :place and place <> '' and submitted_at between :since and :until
        union select unnest(cast(:telephone as text[]))
        union select number from cases where same_telephone <> '{{}}' and same_telephone @> array[cast(:number as text)]
    )
    select {ENTRY}, t.pairs, c.number = any(:telephone) or :number = any(c.same_telephone) as of_telephone
    from near join cases c using (number) join case_texts t using (number) left join standings s using (number)
    where {SEEN} and number <> :number order by number desc limit 50
""")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A case that may be about the same: its pairs, and whether it came from the same telephone."""

    entry: Entry
    pairs: frozenset[str]
    same_telephone: bool


def save_texts(tx: Connection, cases: Sequence[Case]) -> None:
    """Of cases whose letters have just come."""
    if cases:
        tx.execute(SAVE_TEXTS, {"rows": as_json([_row(case) for case in cases])})


def search(tx: Connection, scopes: Collection[str], query: Search) -> list[Entry]:
    """Up to `limit` cases that `scopes` see and `query` describes, newest first."""
    words = [plain(word) for word in query.words.split()]
    conditions = [SEEN, *(condition for name, condition in FILTERS.items() if getattr(query, name))]
    wanted = sorted(set().union(*(pairs(word) for word in words)))
    values: dict[str, Any] = {**asdict(query), "scopes": sorted(scopes), "pairs": wanted}
    if words:
        conditions.append("t.pairs @> cast(:pairs as text[])")
    for place, word in enumerate(words):
        conditions.append(f"position(:word{place} in t.words) > 0")
        values[f"word{place}"] = word
    rows = tx.execute(
        text(f"""
            select {ENTRY} from cases c join case_texts t using (number) left join standings s using (number)
            where {" and ".join(conditions)} order by c.number desc limit :limit
        """),
        values,
    )
    return [entry_of(row) for row in rows]


def neighbours(tx: Connection, case: Case, scopes: Collection[str]) -> list[Neighbour]:
    """Cases that `scopes` see, of the same place within the days before and after, or of the same telephone."""
    submitted_at = case.letter.submitted_at if case.letter else None
    if case.letter is None or submitted_at is None:
        return []
    rows = tx.execute(
        NEAR,
        {
            "scopes": sorted(scopes),
            "number": case.number,
            "telephone": list(case.same_telephone),
            "place": plain(case.letter.place),
            "since": submitted_at - NEAR_WITHIN,
            "until": submitted_at + NEAR_WITHIN,
        },
    )
    return [Neighbour(entry_of(row), frozenset(row.pairs), row.of_telephone) for row in rows]


def _row(case: Case) -> dict[str, str | datetime | list[str] | None]:
    assert case.letter is not None
    words = plain(f"{case.letter.text}{case.letter.place}")
    return {
        "number": case.number,
        "submitted_at": case.letter.submitted_at,
        "place": plain(case.letter.place),
        "words": words,
        "pairs": sorted(pairs(words)),
    }
