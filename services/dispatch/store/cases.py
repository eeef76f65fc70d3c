"""Cases. A row is locked before it changes; several rows are locked in order of number."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from services.dispatch.domain.case import Case, Imported, Letter, Study
from services.dispatch.domain.states import State
from services.dispatch.domain.visibility import seen_by
from services.dispatch.store.documents import as_json, plain

CASE_COLUMNS = {
    "number": "text", "state": "text", "version": "integer", "revision": "integer", "scopes": "text[]",
    "channel": "text", "kind": "text", "body": "text", "place": "text", "community": "text", "emergency": "boolean",
    "submitted_at": "timestamptz", "accepted_at": "timestamptz", "imported": "jsonb", "study": "jsonb", "unit": "text",
    "unit_name": "text", "helpers": "text[]", "category": "text", "complexity": "text", "priority": "boolean",
    "sensitive": "boolean", "restricted": "boolean", "about": "text[]", "dispatched_at": "timestamptz",
    "acknowledged_at": "timestamptz", "contacted_at": "timestamptz", "promised_at": "timestamptz",
    "replied_at": "timestamptz", "closed_at": "timestamptz", "process": "text", "reply": "text", "outcome": "text",
    "round": "integer", "sent_at": "timestamptz", "handed_back_at": "timestamptz", "handed_back_by": "text[]",
    "reopened_at": "timestamptz", "withdrawn_at": "timestamptz", "merged_into": "text", "followers": "text[]",
    "handler": "text", "same_telephone": "text[]",
}  # fmt: skip
NAMES = ", ".join(CASE_COLUMNS)
TYPED = ", ".join(f"{name} {kind}" for name, kind in CASE_COLUMNS.items())
CHANGED = ", ".join(f"{name} = excluded.{name}" for name in CASE_COLUMNS if name != "number")

SAVE_CASES = text(f"""
    insert into cases ({NAMES})
    select {NAMES} from jsonb_to_recordset(cast(:rows as jsonb)) as r ({TYPED})
    on conflict (number) do update set {CHANGED}
""")
LOCK_CASES = text(f"select {NAMES} from cases where number = any(:numbers) order by number for update")
FIND_CASE = text(f"select {NAMES} from cases where number = :number and scopes && cast(:scopes as text[])")
LOCK_CASE = text(f"{FIND_CASE.text} for update")


def lock_cases(tx: Connection, numbers: Collection[str]) -> dict[str, Case]:
    """The known ones of `numbers`, locked in order of number."""
    rows = tx.execute(LOCK_CASES, {"numbers": sorted(numbers)})
    return {row.number: case_of(row) for row in rows}


def find_case(tx: Connection, number: str, scopes: Collection[str]) -> Case | None:
    row = tx.execute(FIND_CASE, {"number": number, "scopes": sorted(scopes)}).one_or_none()
    return case_of(row) if row else None


def lock_case(tx: Connection, number: str, scopes: Collection[str]) -> Case | None:
    row = tx.execute(LOCK_CASE, {"number": number, "scopes": sorted(scopes)}).one_or_none()
    return case_of(row) if row else None


def save_cases(tx: Connection, cases: Sequence[Case]) -> None:
    if cases:
        tx.execute(SAVE_CASES, {"rows": as_json([_row(case) for case in cases])})


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


LISTS = ("helpers", "about", "handed_back_by", "followers", "same_telephone")
_OWN = tuple(f.name for f in fields(Case) if f.name not in ("state", "letter", "imported", "study", *LISTS))


def case_of(row: Row[Any]) -> Case:
    own: dict[str, Any] = {name: getattr(row, name) for name in _OWN}
    lists: dict[str, Any] = {name: tuple(getattr(row, name)) for name in LISTS}
    return Case(
        **own,
        **lists,
        state=State(row.state),
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
    return Study(**{name: plain(value) for name, value in document.items()})
