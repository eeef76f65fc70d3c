"""deploy/compose.yaml as it is read here: what each of our processes is told and given."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.machine.folder import ROOT

FILE = ROOT / "deploy" / "compose.yaml"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True)
class Composed:
    """One service of the file: `files` are its secrets and configs, {where it finds them: where they come from}."""

    name: str
    image: str
    entrypoint: list[str]
    command: list[str]
    environment: Mapping[str, str]
    files: Mapping[str, Path]
    volumes: Mapping[str, str]


def read(told: Mapping[str, str], secrets: Path) -> dict[str, Composed]:
    """Our own containers by name; `secrets` stands in for deploy/compose/secrets, `told` for .env."""
    content = _interpolated(yaml.safe_load(FILE.read_text(encoding="utf-8")), told)
    ours = {name: each for name, each in content["services"].items() if "lianxin-" in each["image"]}
    return {name: _composed(name, each, content, secrets) for name, each in ours.items()}


def _composed(name: str, service: Mapping[str, Any], content: Mapping[str, Any], secrets: Path) -> Composed:
    files = {}
    for kind in ("secrets", "configs"):
        for each in service.get(kind, ()):
            source = content[kind][each["source"]]["file"]
            files[each["target"]] = secrets / source.removeprefix("./compose/secrets/")
    return Composed(
        name,
        service["image"].partition(":")[0],
        service.get("entrypoint", []),
        service["command"],
        {key: str(value) for key, value in service["environment"].items()},
        files,
        dict(volume.split(":")[:2] for volume in service.get("volumes", ())),
    )


def _interpolated(value: Any, told: Mapping[str, str]) -> Any:
    """As compose does it, in the values that were read: an empty one stays a text."""
    if isinstance(value, dict):
        return {key: _interpolated(each, told) for key, each in value.items()}
    if isinstance(value, list):
        return [_interpolated(each, told) for each in value]
    return _VARIABLE.sub(lambda found: told.get(found[1]) or found[2] or "", value) if isinstance(value, str) else value
