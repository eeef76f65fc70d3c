"""Domain values in JSON columns: times become text, and times again."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any


def plain(value: Any) -> str:
    """For `json.dumps`: a time as ISO 8601. Raises TypeError for what JSON cannot hold."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def timed(kind: type[Any], stored: Mapping[str, Any] | None) -> Any:
    """A value read from JSON, with its times restored; a field added later gets its default."""
    if stored is None:
        return None
    known = {field.name: field.type for field in fields(kind)}
    return kind(**{name: _time(known[name], value) for name, value in stored.items() if name in known})


def _time(type_: Any, value: Any) -> Any:
    if isinstance(value, list) and "datetime" in str(type_):
        return tuple(datetime.fromisoformat(each) for each in value)
    return datetime.fromisoformat(value) if value is not None and "datetime" in str(type_) else value
