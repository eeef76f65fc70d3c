"""Units, and the telephones of their posts."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, text

from services.notify.domain.unit import Contact, Unit


def load(tx: Connection, codes: Sequence[str]) -> dict[str, Unit]:
    """Those of `codes` that are known, locked in order."""
    rows = tx.execute(
        text("select code, name, active from units where code = any(:codes) order by code for update"),
        {"codes": sorted(codes)},
    )
    units = {row.code: Unit(code=row.code, name=row.name, active=row.active, contacts={}) for row in rows}
    posts = tx.execute(
        text("select recipient, unit, name, mobile from posts where unit = any(:codes)"), {"codes": list(units)}
    )
    for row in posts:
        post = row.recipient.partition("/")[2]
        units[row.unit].contacts[post] = Contact(name=row.name, mobile=row.mobile)
    return units


def save(tx: Connection, units: Sequence[Unit]) -> None:
    """Replaces the units and their posts, and makes messages that waited for a telephone due at once."""
    write(tx, units)
    _wake(tx, [recipient for unit in units for recipient in unit.posts()])


def write(tx: Connection, units: Sequence[Unit]) -> None:
    """Replaces the units and their posts, and nothing else."""
    codes = [unit.code for unit in units]
    tx.execute(
        text("""
            insert into units (code, name, active)
            select * from unnest(cast(:codes as text[]), cast(:names as text[]), cast(:active as boolean[]))
            on conflict (code) do update set name = excluded.name, active = excluded.active
        """),
        {"codes": codes, "names": [unit.name for unit in units], "active": [unit.active for unit in units]},
    )
    posts = [(recipient, unit.code, contact) for unit in units for recipient, contact in unit.posts().items()]
    tx.execute(text("delete from posts where unit = any(:codes)"), {"codes": codes})
    tx.execute(
        text("""
            insert into posts (recipient, unit, name, mobile)
            select * from unnest(
                cast(:recipients as text[]), cast(:units as text[]), cast(:names as text[]), cast(:mobiles as text[]))
        """),
        {
            "recipients": [recipient for recipient, _, _ in posts],
            "units": [unit for _, unit, _ in posts],
            "names": [contact.name for _, _, contact in posts],
            "mobiles": [contact.mobile for _, _, contact in posts],
        },
    )


def _wake(tx: Connection, recipients: list[str]) -> None:
    tx.execute(
        text("""
            update messages set next_try = planned_at
            where state = 'pending' and audience = 'unit' and recipient = any(:recipients)
        """),
        {"recipients": recipients},
    )


def telephones(tx: Connection, recipients: Iterable[str]) -> dict[str, str]:
    """The telephone of each post that has one."""
    rows: Any = tx.execute(
        text("select recipient, mobile from posts where recipient = any(:recipients)"),
        {"recipients": list(set(recipients))},
    )
    return {row.recipient: row.mobile for row in rows}
