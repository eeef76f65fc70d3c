"""Kinds that operators add: their models or field lists, and keys that neither knows.

The Prometheus operator's kinds have published models (cloudcoil, pydantic); these take unknown keys in silence, so the
keys are compared. For the others no maintained model is published where Python finds it, and only the Gateway API's and
External Secrets' elsewhere (types for Node): `deploy/check/kinds/` has a list of the fields we may use, written by hand
from the operators' references. It is a subset: a field that is missing there is refused until someone has looked it up.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from cloudcoil.models.prometheus_operator import v1
from pydantic import BaseModel, ValidationError

from deploy.check.finding import Finding
from deploy.check.objects import Object, label
from deploy.check.rendering import Rendered, rendered

MODELS: dict[str, type[BaseModel]] = {
    f"monitoring.coreos.com/v1 {kind.__name__}": kind for kind in (v1.ServiceMonitor, v1.PodMonitor, v1.PrometheusRule)
}
KINDS = Path(__file__).parent / "kinds"


def check(root: Path) -> Iterator[Finding]:
    for each in rendered(root):
        yield from wrong(each)


def wrong(given: Rendered) -> Iterator[Finding]:
    for each in given.objects:
        if knows(each):
            texts = _by_model(each) if _identity(each) in MODELS else _by_list(each)
            yield from (Finding(given.name, label(each), text) for text in texts)


def knows(each: Object) -> bool:
    """Whether this check has a model or a list for it."""
    return _identity(each) in MODELS or _identity(each) in _lists()


def _identity(each: Object) -> str:
    return f"{each.get('apiVersion')} {each.get('kind')}"


def _by_model(each: Object) -> Iterator[str]:
    try:
        model = MODELS[_identity(each)].model_validate(each)
    except ValidationError as refused:
        for error in refused.errors():
            yield f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
        return
    taken = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    yield from (f"{place}: nobody reads this key" for place in unread(each, taken))


def unread(given: Any, taken: Any, place: str = "") -> Iterator[str]:
    """Places of keys that a model was given and did not take."""
    if isinstance(given, dict) and isinstance(taken, dict):
        for key, value in given.items():
            here = f"{place}.{key}".lstrip(".")
            if key in taken:
                yield from unread(value, taken[key], here)
            else:
                yield here
    elif isinstance(given, list) and isinstance(taken, list):
        for number, (one, other) in enumerate(zip(given, taken, strict=True)):
            yield from unread(one, other, f"{place}.{number}")


def _by_list(each: Object) -> Iterator[str]:
    for error in jsonschema.Draft202012Validator(_lists()[_identity(each)]).iter_errors(each):
        yield f"{'.'.join(str(part) for part in error.absolute_path)}: {error.message}"


@cache
def _lists() -> dict[str, Any]:
    """Field lists by apiVersion and kind, as closed JSON Schemas."""
    lists: dict[str, Any] = {}
    for path in sorted(KINDS.glob("*.yaml")):
        for written in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            whole = {"apiVersion": "text", "kind": "text", "metadata": "any", **written["fields"]}
            for version in written["versions"]:
                lists[f"{version} {written['kind']}"] = schema(whole)
    return lists


TYPES: dict[str, Any] = {
    "text": {"type": "string"},
    "number": {"type": "integer"},
    "yes-or-no": {"type": "boolean"},
    "any": {},
    "texts": {"type": "array", "items": {"type": "string"}},
    "map": {"type": "object", "additionalProperties": {"type": "string"}},
    "quantity": {"type": ["string", "integer"], "pattern": r"^\d+(\.\d+)?(m|k|Ki|Mi|Gi|Ti|M|G|T)?$"},
    "duration": {"type": "string", "pattern": r"^(\d+(ns|us|ms|s|m|h))+$"},
    "cron": {"type": "string", "pattern": r"^(\S+ ){5}\S+$"},
}


def schema(written: Any) -> dict[str, Any]:
    """A field list as JSON Schema: a type's name, `a | b` for one of these words, `[field list]`, or fields.

    A name that ends in `!` must be there; no other field than those written may.
    """
    if isinstance(written, list):
        return {"type": "array", "items": schema(written[0])}
    if isinstance(written, str):
        return TYPES[written] if written in TYPES else {"enum": written.split(" | ")}
    return {
        "type": "object",
        "properties": {key.rstrip("!"): schema(value) for key, value in written.items()},
        "required": [key.rstrip("!") for key in written if key.endswith("!")],
        "additionalProperties": False,
    }
