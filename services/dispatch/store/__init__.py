"""All SQL of dispatch. Returns domain values; a row is locked where a change follows."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from services.dispatch.case import Case, Fact, Imported, Letter, Study
from services.dispatch.duties import Duty, DutyList, Words
from services.dispatch.organisation import Contact, Organisation, Unit
from services.dispatch.store import directory as directory
from services.dispatch.visibility import seen_by


@dataclass(frozen=True, slots=True)
class Work:
    """One line of a case's work log."""

    seq: int
    type: str
    at: datetime
    who: str
    says: Mapping[str, Any]


CASE_COLUMNS = {
    "number": "text", "state": "text", "version": "integer", "revision": "integer", "scopes": "text[]",
    "channel": "text", "kind": "text", "body": "text", "place": "text", "community": "text", "emergency": "boolean",
    "submitted_at": "timestamptz", "accepted_at": "timestamptz", "imported": "jsonb", "study": "jsonb", "unit": "text",
    "unit_name": "text", "helpers": "text[]", "category": "text", "complexity": "text", "priority": "boolean",
    "sensitive": "boolean", "restricted": "boolean", "about": "text[]", "dispatched_at": "timestamptz",
    "acknowledged_at": "timestamptz", "contacted_at": "timestamptz", "promised_at": "timestamptz",
    "replied_at": "timestamptz", "closed_at": "timestamptz", "process": "text", "reply": "text", "outcome": "text",
    "round": "integer",
}  # fmt: skip
_NAMES = ", ".join(CASE_COLUMNS)
_TYPED = ", ".join(f"{name} {kind}" for name, kind in CASE_COLUMNS.items())
_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in CASE_COLUMNS if name != "number")

SAVE_CASES = text(f"""
    insert into cases ({_NAMES})
    select {_NAMES} from jsonb_to_recordset(cast(:rows as jsonb)) as r ({_TYPED})
    on conflict (number) do update set {_CHANGED}
""")
LOCK_CASES = text(f"select {_NAMES} from cases where number = any(:numbers) order by number for update")
FIND_CASE = text(f"select {_NAMES} from cases where number = :number and scopes && cast(:scopes as text[])")
LOCK_CASE = text(f"{FIND_CASE.text} for update")
ADD_WORK = text("""
    insert into work_log (case_number, seq, type, at, who, says)
    select case_number, seq, type, at, who, says from jsonb_to_recordset(cast(:rows as jsonb))
        as r (case_number text, seq integer, type text, at timestamptz, who text, says jsonb)
""")


def lock_cases(tx: Connection, numbers: Collection[str]) -> dict[str, Case]:
    """The known ones of `numbers`, locked in order of number."""
    rows = tx.execute(LOCK_CASES, {"numbers": sorted(numbers)})
    return {row.number: _case(row) for row in rows}


def find_case(tx: Connection, number: str, scopes: Collection[str]) -> Case | None:
    row = tx.execute(FIND_CASE, {"number": number, "scopes": sorted(scopes)}).one_or_none()
    return _case(row) if row else None


def lock_case(tx: Connection, number: str, scopes: Collection[str]) -> Case | None:
    row = tx.execute(LOCK_CASE, {"number": number, "scopes": sorted(scopes)}).one_or_none()
    return _case(row) if row else None


def save_cases(tx: Connection, cases: Sequence[Case]) -> None:
    tx.execute(SAVE_CASES, {"rows": _json([_row(case) for case in cases])})


def page(
    tx: Connection, scopes: Collection[str], *, state: str | None, unit: str | None, after: str, limit: int
) -> list[Case]:
    """Up to `limit` cases with numbers above `after`, as far as `scopes` may see them."""
    conditions = ["scopes && cast(:scopes as text[])", "number > :after"]
    conditions += ["state = :state"] if state else []
    conditions += ["unit = :unit"] if unit else []
    rows = tx.execute(
        text(f"select {_NAMES} from cases where {' and '.join(conditions)} order by number limit :limit"),
        {"scopes": sorted(scopes), "after": after, "state": state, "unit": unit, "limit": limit},
    )
    return [_case(row) for row in rows]


def count_by_state(tx: Connection) -> dict[str, int]:
    rows = tx.execute(text("select state, count(*) as cases from cases group by state order by state"))
    return {row.state: row.cases for row in rows}


def add_work(tx: Connection, facts: Sequence[tuple[Fact, str]]) -> None:
    """Appends to the work logs: each fact with who caused it."""
    if facts:
        tx.execute(ADD_WORK, {"rows": _json([_work_row(fact, who) for fact, who in facts])})


def work_of(tx: Connection, number: str) -> list[Work]:
    rows = tx.execute(
        text("select seq, type, at, who, says from work_log where case_number = :number order by seq"),
        {"number": number},
    )
    return [Work(row.seq, row.type, row.at, row.who, row.says) for row in rows]


def lock_editions(tx: Connection, *, change: bool = False) -> dict[str, Row[Any]]:
    """The editions of organisation and duty list by name, held until the end of the transaction.

    Shared by all who read, so that nobody dispatches to a unit while it is being closed.
    """
    how = "update" if change else "share"
    rows = tx.execute(text(f"select name, id, version, words from editions order by name for {how}"))
    return {row.name: row for row in rows}


def organisation(tx: Connection) -> Organisation:
    rows = tx.execute(text("select code, name, kind, active, aliases, contacts, version from units order by code"))
    return Organisation({row.code: _unit(row) for row in rows})


def duty_list(tx: Connection, edition: Row[Any]) -> DutyList:
    names = [field.name for field in fields(Duty)]
    rows = tx.execute(text(f"select {', '.join(names)} from duties order by position, code"))
    duties = {row.code: Duty(**{name: _plain(getattr(row, name)) for name in names}) for row in rows}
    words = Words(**{flag: tuple(found) for flag, found in edition.words.items()})
    return DutyList(edition.version, words, duties)


def save_units(tx: Connection, units: Sequence[Unit]) -> None:
    tx.execute(
        text("""
            insert into units (code, name, kind, active, aliases, contacts, version)
            select code, name, kind, active, aliases, contacts, version from jsonb_to_recordset(cast(:rows as jsonb))
                as r (code text, name text, kind text, active boolean, aliases text[], contacts jsonb, version integer)
            on conflict (code) do update set name = excluded.name, kind = excluded.kind, active = excluded.active,
                aliases = excluded.aliases, contacts = excluded.contacts, version = excluded.version
        """),
        {"rows": _json([asdict(unit) for unit in units])},
    )


def save_duties(tx: Connection, duties: Sequence[Duty], order: Sequence[str]) -> None:
    """Writes changed items, then the places all items of the file have in it."""
    names = [field.name for field in fields(Duty)]
    changed = ", ".join(f"{name} = excluded.{name}" for name in names if name != "code")
    tx.execute(
        text(f"""
            insert into duties ({", ".join(names)}, position)
            select {", ".join(f"r.{name}" for name in names)}, 0
            from jsonb_populate_recordset(cast(null as duties), cast(:rows as jsonb)) as r
            on conflict (code) do update set {changed}
        """),
        {"rows": _json([asdict(duty) for duty in duties])},
    )
    tx.execute(
        text("""
            update duties set position = o.position
            from unnest(cast(:codes as text[])) with ordinality as o (code, position) where duties.code = o.code
        """),
        {"codes": list(order)},
    )


def renew_edition(tx: Connection, name: str, version: str, words: Words | None = None) -> None:
    tx.execute(
        text("""
            update editions set id = gen_random_uuid(), version = :version, words = cast(:words as jsonb)
            where name = :name
        """),
        {"name": name, "version": version, "words": _json(asdict(words) if words else {})},
    )


def _row(case: Case) -> dict[str, Any]:
    values = {field.name: getattr(case, field.name) for field in fields(Case)}
    letter = values.pop("letter") or Letter()
    return {
        **values,
        "scopes": seen_by(case),
        "channel": letter.channel,
        "kind": letter.kind,
        "body": letter.text,
        "place": letter.place,
        "community": letter.community,
        "emergency": letter.emergency,
        "submitted_at": letter.submitted_at,
        "imported": asdict(case.imported) if case.imported else None,
        "study": asdict(case.study) if case.study else None,
    }


_OWN = tuple(f.name for f in fields(Case) if f.name not in ("letter", "imported", "study", "helpers", "about"))


def _case(row: Row[Any]) -> Case:
    return Case(
        **{name: getattr(row, name) for name in _OWN},
        helpers=tuple(row.helpers),
        about=tuple(row.about),
        letter=_letter(row) if row.submitted_at else None,
        imported=_imported(row.imported) if row.imported else None,
        study=_study(row.study) if row.study else None,
    )


def _letter(row: Row[Any]) -> Letter:
    return Letter(row.channel, row.kind, row.body, row.place, row.community, row.emergency, row.submitted_at)


def _imported(document: Mapping[str, Any]) -> Imported:
    contacted = document["contacted_at"]
    return Imported(
        unit=document["unit"],
        complexity=document["complexity"],
        dispatched_at=datetime.fromisoformat(document["dispatched_at"]),
        contacted_at=datetime.fromisoformat(contacted) if contacted else None,
    )


def _study(document: Mapping[str, Any]) -> Study:
    return Study(**{name: _plain(value) for name, value in document.items()})


def _unit(row: Row[Any]) -> Unit:
    contacts = {post: Contact(**contact) for post, contact in row.contacts.items()}
    return Unit(row.code, row.name, row.kind, row.active, tuple(row.aliases), contacts, row.version)


def _work_row(fact: Fact, who: str) -> dict[str, Any]:
    return {
        "case_number": fact.case.number,
        "seq": fact.case.version,
        "type": fact.type,
        "at": fact.at,
        "who": who,
        "says": fact.says,
    }


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=lambda moment: moment.isoformat())
