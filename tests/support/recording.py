"""Examples of events for `contracts/`: one of every variant, with numbers, ids and times that recording again repeats.

An example is a message as a subscriber gets it: headers and body. Times are brought to a day of the book's own, in
steps of a quarter of an hour, so that the seconds a machine took do not show.
"""

import functools
import itertools
import json
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import jsonschema
from jsonschema import Draft202012Validator, FormatChecker

from chassis.delivery.envelope import headers, source_of
from tests.support.driver import Told

Name: TypeAlias = tuple[str, str, str]  # producer, type, variant
Example: TypeAlias = Mapping[str, Any]

CONTRACTS = Path(__file__).parents[2] / "contracts"
DAY = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
STEP = timedelta(minutes=15)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
CASE = re.compile(r"XA\d{14}")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
IDS = uuid.UUID("5b0f6f0a-6f4e-4f5a-9f43-0f6d3c2a1e11")
YEAR = re.compile(r"〔\d{4}〕")

checker = FormatChecker()


@checker.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@functools.cache
def validator(producer: str, type_: str) -> jsonschema.protocols.Validator:
    """The contract of a type, formats included."""
    schema = json.loads((CONTRACTS / "events" / producer / f"{type_}.v1.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema, format_checker=checker)


def _joined(*names: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda data: "-".join(str(data[name]) for name in names)


def _silently(name: Callable[[Mapping[str, Any]], str]) -> Callable[[Mapping[str, Any]], str]:
    return lambda data: name(data) + ("-silent" if data["silent"] else "")


def _submitted(data: Mapping[str, Any]) -> str:
    return "imported" if data["imported"] else "emergency" if data["emergency"] else str(data["identity"])


def _triaged(data: Mapping[str, Any]) -> str:
    return "restricted" if data["restricted"] else "automatic" if data["automatic"] else "for-the-centre"


VARIANTS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "case.submitted": _submitted,
    "case.accepted": _joined("accepted_by"),
    "case.refused": _joined("reason"),
    "case.rated": _joined("grade"),
    "case.triaged": _triaged,
    "case.dispatched": _joined("dispatched_by"),
    "case.contacted": lambda data: "imported" if data["imported"] else str(data["means"]),
    "case.closed": _joined("outcome"),
    "unit.changed": _joined("kind"),
    "case.marked": _silently(_joined("previous", "mark", "reason")),
    "message.delivered": _joined("template"),
    "message.failed": _joined("template"),
    "letter.voided": _joined("cause"),
}
CLOCK = _silently(_joined("kind"))


def variant(type_: str, data: Mapping[str, Any]) -> str:
    """What kind of such an event this is; the first of each kind is the example."""
    if type_.startswith("clock."):
        return CLOCK(data)
    return VARIANTS[type_](data) if type_ in VARIANTS else "ordinary"


def examples(events: Iterable[Told], began: datetime) -> dict[Name, Example]:
    """One example of each variant. `began`: when the story did."""
    told = list(events)
    order = _order(told)
    first: dict[Name, Told] = {}
    for each in sorted(told, key=lambda each: _rank(each, order)):
        first.setdefault((each.producer, each.type, variant(each.type, each.data)), each)
    numbers = {case: f"XA20261124{count:06d}" for case, count in order.items()}
    return {name: _normalised(name, each, numbers, began) for name, each in sorted(first.items())}


def _order(told: Iterable[Told]) -> dict[str, int]:
    """Cases in the order in which intake told of them, from 1 on."""
    submitted = (each.case for each in told if each.type == "case.submitted")
    return dict(zip(submitted, itertools.count(1), strict=False))


def _rank(told: Told, order: Mapping[str, int]) -> tuple[int, str, int]:
    # Messages of one case to several people go out side by side: which is first must not depend on that.
    return order.get(told.case, 0), str(told.data.get("recipient")), told.row["position"]


def _normalised(name: Name, told: Told, numbers: Mapping[str, str], began: datetime) -> Example:
    message = {"headers": headers(source_of("xinan", told.producer), told.row), "body": told.data}
    ids: dict[str, str] = defaultdict(lambda: str(uuid.uuid5(IDS, f"{name} {len(ids)}")))
    written = json.dumps(message, ensure_ascii=False, indent=2)
    written = TIME.sub(lambda found: _rounded(found[0], began), written)
    written = CASE.sub(lambda found: numbers[found[0]], written)
    written = UUID.sub(lambda found: ids[found[0]], written)
    example: Example = json.loads(YEAR.sub("〔2026〕", written))
    return example


def _rounded(moment: str, began: datetime) -> str:
    passed = (datetime.fromisoformat(moment) - began) // STEP * STEP
    return (DAY + passed).isoformat().replace("+00:00", "Z")


def write(contracts: Path, told: Mapping[Name, Example]) -> None:
    """Writes the examples; those of variants that are told no more go."""
    wanted = {_path(contracts, name): example for name, example in told.items()}
    for left_over in set(_paths(contracts)) - wanted.keys():
        left_over.unlink()
    for path, example in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(example, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read(contracts: Path = CONTRACTS) -> dict[Name, Example]:
    """The recorded examples."""
    return {_name(path): json.loads(path.read_text(encoding="utf-8")) for path in _paths(contracts)}


def _paths(contracts: Path) -> list[Path]:
    return sorted(contracts.glob("events/*/*.v1.examples/*.json"))


def _path(contracts: Path, name: Name) -> Path:
    producer, type_, kind = name
    return contracts / "events" / producer / f"{type_}.v1.examples" / f"{kind}.json"


def _name(path: Path) -> Name:
    return path.parent.parent.name, path.parent.name.removesuffix(".v1.examples"), path.stem
