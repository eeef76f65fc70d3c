"""Rows as a person reads them at a terminal: columns side by side, as wide as they must be."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any] | RowMapping]) -> str:
    """A heading and one line a row; what a row does not have stays empty."""
    cells = [[shown(row.get(column)) for column in columns] for row in rows]
    return aligned([[column.replace("_", " ") for column in columns], *cells])


def aligned(cells: Sequence[Sequence[str]], gap: int = 2) -> str:
    """Lines of cells, each column padded to its widest cell; the last is never padded."""
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    lines = [
        "".join(cell + " " * (wide - width(cell) + gap) for cell, wide in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return "\n".join(lines)


def width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def shown(value: Any) -> str:
    """A value on one line: times to the second, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value).replace("\n", " ")


def seconds(value: float) -> str:
    """A duration as a person says it: 4 s, 12 min, 3 h, 5 days."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if value >= 2 * size:
            return f"{value / size:.0f} {unit}"
    return f"{value:.0f} s"
