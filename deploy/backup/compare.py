"""Whether what was restored is what was saved, and whether the master key opens it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis import crypto
from deploy.backup.manifest import Table

# One identity for each master key that wraps any: enough to prove that the key fits.
SAMPLE = """
    select distinct on (substring(sealed from 3 for get_byte(sealed, 1))) number, sealed from identities
    order by substring(sealed from 3 for get_byte(sealed, 1)), number
"""


@dataclass(frozen=True)
class Compared:
    """One table, as the manifest has it and as it was found; either is None where there is no such table."""

    name: str
    saved: Table | None
    found: Table | None

    @property
    def same(self) -> bool:
        """Whether rows and content are equal."""
        return self.saved == self.found

    def __str__(self) -> str:
        if self.saved is None or self.found is None:
            return f"{self.name}: {'not in the manifest' if self.saved is None else 'missing'}"
        if self.saved.rows != self.found.rows:
            return f"{self.name}: {self.found.rows:,} rows instead of {self.saved.rows:,}"
        return f"{self.name}: {self.found.rows:,} rows, {'equal' if self.same else 'their content differs'}"


def compare(saved: Mapping[str, Table], found: Mapping[str, Table]) -> list[Compared]:
    """Table by table, in order of name."""
    return [Compared(name, saved.get(name), found.get(name)) for name in sorted(saved.keys() | found.keys())]


def key_faults(cursor: Any, file: Path | None) -> Iterator[str]:
    """What keeps the identities in this database of intake from being opened; nothing when all is well."""
    if file is None or not file.is_file():
        yield f"the master key is missing ({file or 'MASTER_KEYS_FILE names no file'}): nothing sealed can be opened"
        return
    try:
        keys = crypto.read_master_keys(file)
    except crypto.CryptoError as error:
        yield f"{file}: {error}"
        return
    cursor.execute(SAMPLE)
    for number, sealed in cursor.fetchall():
        try:
            crypto.open(keys, number, sealed)
        except crypto.CryptoError as error:
            yield f"the master keys of {file} do not fit: {number}, under key {_name(sealed)}: {error}"


def _name(sealed: bytes | memoryview) -> str:
    try:
        return crypto.key_id(sealed)
    except crypto.CryptoError:
        return "unknown"
