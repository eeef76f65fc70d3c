"""SQL of the public directory."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import Connection, text

from services.dispatch.domain.directory import Directory, Entry

_NAMES = [field.name for field in fields(Entry)]
READ = text(f"select {', '.join(_NAMES)} from directory order by position")
CLEAR = text("delete from directory")
WRITE = text(f"""
    insert into directory ({", ".join(_NAMES)}, position)
    select {", ".join(_NAMES)}, position from jsonb_to_recordset(cast(:rows as jsonb)) as r (code text, post text,
        name text, telephone text, checked_on date, community text, grid text, position integer)
""")


def read(tx: Connection, version: str) -> Directory:
    """All entries in their order; `version` is that of the edition."""
    return Directory(version, tuple(Entry(**row._mapping) for row in tx.execute(READ)))


def replace(tx: Connection, entries: Sequence[Entry]) -> None:
    """Makes `entries` the whole directory; readers see the old one until the transaction commits."""
    rows = [{**asdict(entry), "position": place} for place, entry in enumerate(entries)]
    tx.execute(CLEAR)
    tx.execute(WRITE, {"rows": json.dumps(rows, ensure_ascii=False, default=lambda day: day.isoformat())})
