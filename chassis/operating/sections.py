"""What services pass each other through files and pipes: JSON lines in sections of a heading, rows and an end."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = dict[str, Any]


class Unreadable(RuntimeError):
    """Not a producer's output, or only part of it."""


def written(heading: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The lines of one section."""
    yield json.dumps(heading, ensure_ascii=False)
    count = 0
    for row in rows:
        yield json.dumps(row, ensure_ascii=False)
        count += 1
    yield json.dumps({"end": count})


def read(lines: Iterable[str], reader: str) -> Iterator[tuple[Row, Iterator[Row]]]:
    """The sections meant for `reader`: heading and rows, which stream. Raises Unreadable, also if there is none."""
    values, found = iter(map(_parsed, lines)), False
    for heading in values:
        if "producer" not in heading:
            raise Unreadable("not a producer's output: a heading is missing")
        rows = _until_end(values)
        if heading["reader"] == reader:
            found = True
            yield heading, rows
        for _ in rows:
            pass
    if not found:
        raise Unreadable(f"nothing in it is meant for {reader}")


def _parsed(line: str) -> Row:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Unreadable("not a producer's output: a line is not a JSON object")
    return value


def _until_end(values: Iterator[Row]) -> Iterator[Row]:
    for count, value in enumerate(values):
        if value.get("end") == count:
            return
        if "end" in value:
            break
        yield value
    raise Unreadable("the producer's output was cut off; write it again")
