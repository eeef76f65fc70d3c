"""What cases are judged by: the organisation, the duty list, and the editions that tell when they changed."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, text

from services.dispatch.domain.duties import Duty, DutyList, Words
from services.dispatch.domain.organisation import Contact, Organisation, Unit
from services.dispatch.store.documents import as_json, plain


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
    duties = {row.code: Duty(**{name: plain(getattr(row, name)) for name in names}) for row in rows}
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
        {"rows": as_json([asdict(unit) for unit in units])},
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
        {"rows": as_json([asdict(duty) for duty in duties])},
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
        {"name": name, "version": version, "words": as_json(asdict(words) if words else {})},
    )


def _unit(row: Row[Any]) -> Unit:
    contacts = {post: Contact(**contact) for post, contact in row.contacts.items()}
    return Unit(row.code, row.name, row.kind, row.active, tuple(row.aliases), contacts, row.version)
