"""What a kustomization needs below itself though it is kept elsewhere: alert rules and dashboards.

kustomize reads nothing outside the folder of a kustomization unless told to, and what must be told to be rendered is
rendered wrongly by somebody; so there are copies, and a check that they are true.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
RULES, DASHBOARDS = Path("deploy/prometheus/rules"), Path("deploy/grafana/dashboards")
COMPONENTS = Path("k8s/components")
NOTICE = "# Written by `python -m deploy.kubernetes`; do not edit.\n"


def copies(root: Path = ROOT) -> dict[Path, str]:
    """Every file that is written, by its path below `root`, with what must be in it."""
    return _rules(root) | _dashboards(root)


def drift(root: Path = ROOT) -> list[str]:
    """What is not as it must be: one sentence a file; none if all is true."""
    wanted = copies(root)
    found = [_difference(root / path, text) for path, text in wanted.items()]
    left = [f"{path.relative_to(root)} has no dashboard any more" for path in sorted(_left(root, wanted))]
    return [sentence for sentence in found if sentence] + left


def write(root: Path = ROOT) -> None:
    """Makes all of it true."""
    wanted = copies(root)
    for path in _left(root, wanted):
        path.unlink()
    for path, text in wanted.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def _difference(path: Path, text: str) -> str | None:
    if not path.exists():
        return f"{path.name} is missing in {path.parent.name}; run python -m deploy.kubernetes"
    if path.read_text(encoding="utf-8") != text:
        return f"{path.parent.name}/{path.name} is not what its source says; run python -m deploy.kubernetes"
    return None


def _left(root: Path, wanted: Mapping[Path, str]) -> set[Path]:
    return set((root / COMPONENTS / "dashboards").glob("*.json")) - {root / path for path in wanted}


def _rules(root: Path) -> dict[Path, str]:
    files = sorted((root / RULES).glob("*.yaml"))
    objects = [_rule(file.stem, yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    text = yaml.dump_all(objects, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
    return {COMPONENTS / "monitoring" / "rules.yaml": NOTICE + text}


def _rule(duty: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"lianxin-{duty}"},
        "spec": {"groups": content["groups"]},
    }


def _dashboards(root: Path) -> dict[Path, str]:
    files = sorted((root / DASHBOARDS).glob("*.json"))
    folder = COMPONENTS / "dashboards"
    texts = {folder / file.name: file.read_text(encoding="utf-8") for file in files}
    return texts | {folder / "kustomization.yaml": NOTICE + _kustomization([file.name for file in files])}


def _kustomization(names: list[str]) -> str:
    content: dict[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    if names:
        content["configMapGenerator"] = [
            {"name": f"lianxin-dashboard-{name.removesuffix('.json').removeprefix('lianxin-')}", "files": [name]}
            | {"options": {"disableNameSuffixHash": True, "labels": {"grafana_dashboard": "1"}}}
            for name in names
        ]
    return yaml.dump(content, sort_keys=False)


class _Dumper(yaml.SafeDumper):
    """Expressions of several lines stay lines."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
