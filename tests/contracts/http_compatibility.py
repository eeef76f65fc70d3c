"""What may not change in an HTTP interface: its callers of the last release go on, whichever front door they meet."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.contracts.compatibility import breaks

Document = Mapping[str, Any]


def http_breaks(old: Document, new: Document) -> list[str]:
    """One line for each change that a caller written for `old` could not live with."""
    return [line for place, was in _operations(old) for line in _changed(place, was, old, new)]


def _operations(document: Document) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    for path, operations in document["paths"].items():
        yield from (((path, method), each) for method, each in operations.items() if method != "parameters")


def _changed(place: tuple[str, str], was: Mapping[str, Any], old: Document, new: Document) -> Iterator[str]:
    where = f"{place[1].upper()} {place[0]}"
    now = dict(_operations(new)).get(place)
    if now is None:
        yield f"{where}: is gone"
        return
    yield from (f"{where}: no longer for {role}" for role in was.get("x-roles", ()) if role not in now["x-roles"])
    yield from (f"{where}: {name} is required now" for name in _required(now, new) - _required(was, old))
    for line in breaks(_sent(was, old), _sent(now, new)):
        if "no longer always there" not in line:
            yield f"{where}: sent {line}"
    for line in breaks(_answered(was, old), _answered(now, new)):
        if "is required now" not in line:
            yield f"{where}: answered {line}"


def _required(operation: Mapping[str, Any], document: Document) -> set[str]:
    return {each["name"] for each in _whole(operation.get("parameters", []), document) if each.get("required")}


def _sent(operation: Mapping[str, Any], document: Document) -> Mapping[str, Any]:
    return _json(operation.get("requestBody", {}), document)


def _answered(operation: Mapping[str, Any], document: Document) -> Mapping[str, Any]:
    return next((_json(each, document) for code, each in operation["responses"].items() if code[0] == "2"), {})


def _json(body: Mapping[str, Any], document: Document) -> Mapping[str, Any]:
    content = _whole(body, document).get("content", {})
    found: Mapping[str, Any] = content.get("application/json", {}).get("schema", {})
    return found


def _whole(value: Any, document: Document, depth: int = 12) -> Any:
    """With every reference replaced by what it leads to."""
    if isinstance(value, list):
        return [_whole(each, document, depth) for each in value]
    if not isinstance(value, dict) or not depth:
        return value
    if "$ref" in value:
        target: Any = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return _whole(target, document, depth - 1)
    return {name: _whole(each, document, depth) for name, each in value.items()}
