"""Warning letters and the series of their numbers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from services.notify.domain.letter import Letter

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
    """Which letters exist of each case, by (kind, gen); nothing is locked."""
    rows = tx.execute(
        text("select case_number, kind, gen from letters where case_number = any(:cases)"), {"cases": list(cases)}
    )
    found: dict[str, set[tuple[str, int]]] = {}
    for row in rows:
        found.setdefault(row.case_number, set()).add((row.kind, row.gen))
    return found


def states(tx: Connection, ids: Iterable[str]) -> dict[str, str]:
    """The state of each letter by id."""
    rows = tx.execute(
        text("select id, state from letters where id = any(cast(:ids as uuid[]))"), {"ids": list(set(ids))}
    )
    return {str(row.id): row.state for row in rows}


def lock(tx: Connection, letter: str) -> Letter | None:
    """One letter by id, locked until the transaction ends."""
    row = tx.execute(
        text(f"select {_COLUMNS} from letters where id = cast(:id as uuid) for update"), {"id": letter}
    ).one_or_none()
    return _letter(row) if row else None


def get(tx: Connection, letter: str, scopes: Iterable[str]) -> Letter | None:
    """One letter by id if the scopes may see it."""
    row = tx.execute(
        text(f"select {_COLUMNS} from letters where id = cast(:id as uuid) and scopes && cast(:scopes as text[])"),
        {"id": letter, "scopes": list(scopes)},
    ).one_or_none()
    return _letter(row) if row else None


def page(tx: Connection, scopes: Iterable[str], state: str | None, after: str | None, limit: int) -> list[Letter]:
    """Letters the scopes may see, newest first, from the one behind `after` on."""
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
    """Writes letters, new ones and changed ones."""
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


def next_count(tx: Connection, code: str, year: int) -> int:
    """The next number of the series; nobody else gets one before this transaction ends, so none is lost."""
    count: int = tx.execute(
        text("""
            insert into letter_numbers as n (code, year, last) values (:code, :year, 1)
            on conflict (code, year) do update set last = n.last + 1 returning last
        """),
        {"code": code, "year": year},
    ).scalar_one()
    return count


def fix_content(tx: Connection, letter: str, content: Mapping[str, Any], now: datetime) -> None:
    """All that will be printed; the printer may have it at once."""
    tx.execute(
        text("update letters set content = cast(:content as jsonb), print_after = :now where id = cast(:id as uuid)"),
        {"id": letter, "content": json.dumps(content, ensure_ascii=False), "now": now},
    )


def take_to_print(tx: Connection, now: datetime, until: datetime, limit: int) -> list[tuple[str, dict[str, Any]]]:
    """Signed letters (id, content), kept from other printers `until` then."""
    rows = tx.execute(
        text("""
            with due as (
                select id from letters where state = 'signed' and print_after <= :now
                order by print_after limit :limit for update skip locked)
            update letters l set print_after = :until from due where l.id = due.id returning l.id, l.content
        """),
        {"now": now, "until": until, "limit": limit},
    )
    return [(str(row.id), row.content) for row in rows]


def content(tx: Connection, letter: str) -> dict[str, Any] | None:
    """What was printed."""
    found: dict[str, Any] | None = tx.execute(
        text("select content from letters where id = cast(:id as uuid)"), {"id": letter}
    ).scalar_one_or_none()
    return found


def counts(tx: Connection) -> dict[str, int]:
    """How many letters wait in each state that is not an end."""
    rows = tx.execute(
        text("""
            select state, count(*) as number from letters where state in ('proposed', 'signed', 'issued') group by state
        """)
    )
    return {row.state: row.number for row in rows}


def oldest_signed_seconds(tx: Connection, now: datetime) -> float:
    """How long the letter signed first of those without a paper has waited for one."""
    seconds = tx.execute(
        text("""
            select coalesce(extract(epoch from cast(:now as timestamptz) - min(signed_at)), 0)
            from letters where state = 'signed'
        """),
        {"now": now},
    ).scalar_one()
    return float(seconds)


def _letter(row: Any) -> Letter:
    values = dict(row._mapping)
    values["id"], values["case"] = str(values["id"]), values.pop("case_number")
    return Letter(**values)


def _written(letter: Letter) -> dict[str, Any]:
    names = [name.strip() for name in _COLUMNS.split(",")]
    values = {name: getattr(letter, "case" if name == "case_number" else name) for name in names}
    moments = {name: values[name].isoformat() if values[name] else None for name in _MOMENTS}
    return values | moments | {"scopes": list(letter.scopes)}
