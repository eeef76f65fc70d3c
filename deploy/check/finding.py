"""What a check says: findings, or that it could not look."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend: where it is written, the object in it, and a sentence saying what is wrong."""

    file: str
    object: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}: {self.object}: {self.sentence}" if self.object else f"{self.file}: {self.sentence}"


class Skipped(Exception):
    """A tool is absent, so nothing was looked at; the text says which tool and what therefore is not known."""


@dataclass(frozen=True)
class Check:
    """A name for the summary, what it proves, and how: findings about a checkout's root folder."""

    name: str
    proves: str
    look: Callable[[Path], Iterator[Finding]]
