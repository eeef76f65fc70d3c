"""What a backup says of itself: enough to prove that what was restored from it is what was saved."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy.machine.trouble import Trouble

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Table:
    """How many rows a table has, and a hash of them all in whatever order."""

    rows: int
    hash: str


@dataclass(frozen=True)
class Saved:
    """One service's dump; everything but the file's size and hash is of the dump's own snapshot.

    `time` is the database's clock, in UTC; `revision` alembic's; `epoch` the producer's.
    """

    time: str
    server_version: str
    revision: str
    epoch: int
    file: str
    bytes: int
    sha256: str
    tables: dict[str, Table]


@dataclass(frozen=True)
class Manifest:
    """A whole backup: `made_at` in UTC, one dump for each service."""

    made_at: str
    services: dict[str, Saved]

    def text(self) -> str:
        """As it is kept."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True) + "\n"


def read(folder: Path) -> Manifest:
    """The manifest of a backup. Raises Trouble when it is missing or cannot be understood."""
    try:
        document = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise Trouble(f"{folder / NAME} has format {document['format']}, which is not known here.")
        services = {name: _saved(each) for name, each in document["services"].items()}
        return Manifest(document["made_at"], services)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Trouble(f"{folder} is no backup: its {NAME} cannot be read ({type(error).__name__}).") from None


def damage(folder: Path, saved: Saved) -> str | None:
    """What is wrong with a dump's file compared with the manifest; None when it is whole."""
    file = folder / saved.file
    if not file.is_file():
        return f"{saved.file} is missing"
    if file.stat().st_size != saved.bytes:
        return f"{saved.file} has {file.stat().st_size} bytes instead of {saved.bytes}"
    if sha256(file) != saved.sha256:
        return f"{saved.file} was changed: its SHA-256 is another"
    return None


def sha256(file: Path) -> str:
    """The file's SHA-256, in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _saved(document: dict[str, Any]) -> Saved:
    tables = {name: Table(**each) for name, each in document["tables"].items()}
    return Saved(**{**document, "tables": tables})
