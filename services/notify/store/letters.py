"""Warning letters."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, text

from services.notify.domain.letter import Letter, State

_COLUMNS = """
    id, case_number, kind, gen, unit, unit_name, complexity, started_at, due, breached_at, restricted, state, version,
    revision, proposed_at, number, signed_by, signed_at, issued_at, sha256, acknowledged_at, voided_at, cause, reason
"""
_MOMENTS = ("started_at", "due", "breached_at", "proposed_at", "signed_at", "issued_at", "acknowledged_at", "voided_at")


def of_cases(tx: Connection, cases: Sequence[str]) -> dict[str, dict[tuple[str, int], Letter]]:
    """The letters of each case by (kind, gen), locked in order."""
    rows = tx.execute(
        text(f"select {_COLUMNS} from letters where case_number = any(:cases) order by id for update"),
        {"cases": list(cases)},
    )
    found: dict[str, dict[tuple[str, int], Letter]] = {}
    for letter in map(_letter, rows):
        found.setdefault(letter.case, {})[letter.kind, letter.gen] = letter
    return found


def proposed(tx: Connection, cases: Sequence[str]) -> dict[str, set[tuple[str, int]]]:
    """The keys (kind, gen) of each case's letters; nothing is locked."""
    rows = tx.execute(
        text("select case_number, kind, gen from letters where case_number = any(:cases)"), {"cases": list(cases)}
    )
    found: dict[str, set[tuple[str, int]]] = {}
    for row in rows:
        found.setdefault(row.case_number, set()).add((row.kind, row.gen))
    return found


def states(tx: Connection, ids: Iterable[str]) -> dict[str, State]:
    """The state of each letter by id."""
    rows = tx.execute(
        text("select id, state from letters where id = any(cast(:ids as uuid[]))"), {"ids": list(set(ids))}
    )
    return {str(row.id): State(row.state) for row in rows}


def lock(tx: Connection, letter_id: str) -> Letter | None:
    """One letter by id, locked until the transaction ends."""
    row = tx.execute(
        text(f"select {_COLUMNS} from letters where id = cast(:id as uuid) for update"), {"id": letter_id}
    ).one_or_none()
    return _letter(row) if row else None


def get(tx: Connection, letter_id: str, scopes: Iterable[str]) -> Letter | None:
    """One letter by id, if one of `scopes` may see it."""
    row = tx.execute(
        text(f"select {_COLUMNS} from letters where id = cast(:id as uuid) and scopes && cast(:scopes as text[])"),
        {"id": letter_id, "scopes": list(scopes)},
    ).one_or_none()
    return _letter(row) if row else None


def page(tx: Connection, scopes: Iterable[str], state: State | None, after: str | None, limit: int) -> list[Letter]:
    """Letters that one of `scopes` may see, newest first, from the one following `after`."""
    rows = tx.execute(
        text(f"""
            select {_COLUMNS} from letters
            where scopes && cast(:scopes as text[]) and (cast(:state as text) is null or state = :state)
                and (cast(:after as uuid) is null or (proposed_at, id) <
                    (select l.proposed_at, l.id from letters l where l.id = cast(:after as uuid)))
            order by proposed_at desc, id desc limit :limit
        """),
        {"scopes": list(scopes), "state": state, "after": after, "limit": limit},
    )
    return [_letter(row) for row in rows]


def save(tx: Connection, letters: Iterable[Letter]) -> None:
    """Writes new and changed letters."""
    rows = [_written(letter) for letter in letters]
    tx.execute(
        text(f"""
            insert into letters ({_COLUMNS}, scopes)
            select {_COLUMNS}, scopes from jsonb_to_recordset(cast(:rows as jsonb)) as r (
                id uuid, case_number text, kind text, gen int, unit text, unit_name text, complexity text,
                started_at timestamptz, due timestamptz, breached_at timestamptz, restricted boolean, state text,
                version int, revision int, proposed_at timestamptz, number text, signed_by text, signed_at timestamptz,
                issued_at timestamptz, sha256 text, acknowledged_at timestamptz, voided_at timestamptz, cause text,
                reason text, scopes text[])
            on conflict (id) do update set state = excluded.state, version = excluded.version,
                revision = excluded.revision, number = excluded.number, signed_by = excluded.signed_by,
                signed_at = excluded.signed_at, issued_at = excluded.issued_at, sha256 = excluded.sha256,
                acknowledged_at = excluded.acknowledged_at, voided_at = excluded.voided_at, cause = excluded.cause,
                reason = excluded.reason, scopes = excluded.scopes
        """),
        {"rows": json.dumps(rows, ensure_ascii=False)},
    )


def _letter(row: Any) -> Letter:
    values = dict(row._mapping)
    values |= {"id": str(row.id), "state": State(row.state), "case": values.pop("case_number")}
    return Letter(**values)


def _written(letter: Letter) -> dict[str, Any]:
    names = [name.strip() for name in _COLUMNS.split(",")]
    values = {name: getattr(letter, "case" if name == "case_number" else name) for name in names}
    moments = {name: values[name].isoformat() if values[name] else None for name in _MOMENTS}
    return values | moments | {"scopes": list(letter.scopes)}
