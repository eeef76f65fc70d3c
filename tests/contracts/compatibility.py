"""What may not change in a contract once it is out: within a version, schemas only grow (design rule 10).

Both sides are protected: readers of today's events, and today's readers of events that lie in a log since last month.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def breaks(old: Schema, new: Schema) -> list[str]:
    """One line for each change from `old` to `new` that is not an addition; none if every reader can go on."""
    return list(_breaks(old, new, "data"))


def _breaks(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for word in ("type", "format"):
        if _as_set(old.get(word)) != _as_set(new.get(word)):
            yield f"{where}: {word} was {old.get(word)}, is {new.get(word)}"
    if gone := _narrowed(old.get("enum"), new.get("enum")):
        yield f"{where}: no longer allows {gone}"
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    yield from (
        f"{where}.{name}: is required now, and events in the log may lack it" for name in sorted(after - before)
    )
    yield from (f"{where}.{name}: is no longer always there" for name in sorted(before - after))
    for name, was in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{where}.{name}: is gone"
        else:
            yield from _breaks(was, new["properties"][name], f"{where}.{name}")
    for word in ("items", "additionalProperties"):
        if isinstance(old.get(word), dict) and isinstance(new.get(word), dict):
            yield from _breaks(old[word], new[word], f"{where}[]")
    if old.get("additionalProperties") is not False and new.get("additionalProperties") is False:
        yield f"{where}: must not grow any more"


def _as_set(value: Any) -> frozenset[Any]:
    return frozenset(value if isinstance(value, list) else [value])


def _narrowed(old: list[Any] | None, new: list[Any] | None) -> str:
    if new is None:
        return ""
    return "other values" if old is None else ", ".join(str(value) for value in old if value not in new)
