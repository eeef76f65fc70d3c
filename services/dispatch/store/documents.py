"""Values as PostgreSQL's JSON and arrays, and back."""

import json
from typing import Any


def plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=lambda moment: moment.isoformat())
