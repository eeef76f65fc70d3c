"""Text that PostgreSQL or UTF-8 cannot hold, found before any schema sees it."""

import json
import math
from typing import Any
from urllib.parse import unquote_to_bytes

from chassis.web.problems import Refusal

# No column of ours holds a longer number, and reading a very long one costs quadratic time.
_LONGEST_INTEGER = 18


def read_json(raw: bytes) -> Any:
    """The value in a JSON body. Raises Refusal `bad_json`, or `bad_text` naming the field."""
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refusal("bad_json") from None
    # Decoded UTF-8 holds no surrogate and JSON no raw NUL: only an escape can bring one in.
    if b"\\u" in raw and (field := find_bad_text(value)):
        raise Refusal("bad_text", field)
    return value


def is_bad(text: str) -> bool:
    """Whether `text` holds NUL or a lone surrogate."""
    if "\0" in text:
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def find_bad_text(value: Any) -> str | None:
    """The path, as `items.3.name`, of the first key or value that is bad text; None if all is well."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, str) and is_bad(each):
            return path or "body"
        if isinstance(each, dict):
            if any(is_bad(key) for key in each):
                return path or "body"
            waiting.extend((_join(path, key), below) for key, below in each.items())
        elif isinstance(each, list):
            waiting.extend((_join(path, number), below) for number, below in enumerate(each))
    return None


def check_address(path: str, query: bytes) -> None:
    """Refuses a WSGI path and a query string with anything but clean UTF-8. Raises Refusal `bad_text`."""
    if not _is_clean(path.encode("latin-1", "replace")):
        raise Refusal("bad_text", "path")
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if not _is_clean(unquote_to_bytes(name)):
            raise Refusal("bad_text", "query")
        if not _is_clean(unquote_to_bytes(value)):
            raise Refusal("bad_text", unquote_to_bytes(name).decode())


def _is_clean(raw: bytes) -> bool:
    try:
        return "\0" not in raw.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise ValueError("integer too long")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _no_constant(text: str) -> float:
    raise ValueError(text)


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_finite, parse_constant=_no_constant)
