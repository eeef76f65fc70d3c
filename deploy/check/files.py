"""The files of a checkout, without what tools leave in it."""

from collections.abc import Iterator
from pathlib import Path

from deploy.check.finding import Finding

LEFT_BY_TOOLS = {"__pycache__", "node_modules"}


def walk(folder: Path, *suffixes: str) -> Iterator[Path]:
    """Every file below `folder`, sorted, of these suffixes or of all; hidden folders are not entered."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink():
            continue
        if path.is_dir():
            if not path.name.startswith(".") and path.name not in LEFT_BY_TOOLS:
                yield from walk(path, *suffixes)
        elif not suffixes or path.suffix in suffixes:
            yield path


def missing(root: Path, *wanted: str) -> Iterator[Finding]:
    """A finding for each path that is not there: a check of nothing must not pass."""
    for name in wanted:
        if not (root / name).exists():
            yield Finding(name, "", "is missing, so nothing of it was checked")
