"""Who wrote a case, sealed, and the keyed hashes by which it is found."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class SealedIdentity:
    """Who wrote a case, sealed, and the keyed hashes by which it is found."""

    number: str
    sealed: bytes
    mobile_index: bytes | None
    code_index: bytes


IDENTITIES = text("""
    select number, sealed, mobile_index, code_index from identities where number = any(cast(:numbers as text[]))
""")

# Numbers contain their day, so the newest letters of a telephone are found without reading all of them.
SAME_TELEPHONE = text("""
    select i.number
    from identities i join cases c using (number)
    where i.mobile_index = :mobile and i.number >= :first and c.submitted_at >= :since
    order by i.number desc
    limit :most
""")

# Identities in pages, for going through all of them.
SEALED = text("select number, sealed from identities where number > :after order by number limit :batch")

# Only what is still as it was read, so that two rotations at once do not harm each other.
RESEAL = text("""
    update identities i set sealed = decode(r.new, 'hex')
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (number text, old text, new text)
    where i.number = r.number and i.sealed = decode(r.old, 'hex')
""")


def identities(tx: Connection, numbers: Sequence[str]) -> list[SealedIdentity]:
    rows = tx.execute(IDENTITIES, {"numbers": list(numbers)})
    return [
        SealedIdentity(r.number, bytes(r.sealed), r.mobile_index and bytes(r.mobile_index), bytes(r.code_index))
        for r in rows
    ]


def same_telephone(tx: Connection, mobile: bytes, first: str, since: datetime, most: int) -> list[str]:
    """Up to `most` cases of the telephone with this keyed hash submitted from `since` on, newest first.

    `first`: the smallest number a case of that day may bear.
    """
    asked = {"mobile": mobile, "first": first, "since": since, "most": most}
    return [row.number for row in tx.execute(SAME_TELEPHONE, asked)]


def sealed(tx: Connection, after: str, batch: int) -> list[tuple[str, bytes]]:
    """Up to `batch` identities, still sealed, in order of number, that follow `after`."""
    return [(row.number, bytes(row.sealed)) for row in tx.execute(SEALED, {"after": after, "batch": batch})]


def reseal(tx: Connection, rows: Sequence[tuple[str, bytes, bytes]]) -> int:
    """Replaces identities (number, old, new) that nobody has changed meanwhile; returns how many."""
    if not rows:
        return 0
    payload = [{"number": number, "old": old.hex(), "new": new.hex()} for number, old, new in rows]
    return tx.execute(RESEAL, {"rows": json.dumps(payload)}).rowcount
