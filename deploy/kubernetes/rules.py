"""`python -m deploy.kubernetes.rules`: writes the alert rules as PrometheusRule objects, from deploy/prometheus/rules.

Prometheus reads plain files on one machine and objects in a cluster, so one is made from the other; `make ops-check`
says when the committed objects are out of date.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.machine.folder import ROOT

SOURCE, FILE = Path("deploy/prometheus/rules"), Path("k8s/components/monitoring/rules.yaml")
NOTICE = "# Written by `python -m deploy.kubernetes.rules`; do not edit.\n"


def generated(root: Path = ROOT) -> str:
    """The objects of all rule files below `root`, as YAML."""
    files = sorted((root / SOURCE).glob("*.yaml"))
    objects = [_object(file.stem, yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    return NOTICE + yaml.dump_all(objects, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)


def _object(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"lianxin-{name}"},
        "spec": {"groups": content["groups"]},
    }


class _Dumper(yaml.SafeDumper):
    """Expressions of several lines stay lines."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def main() -> int:
    """Writes the file."""
    (ROOT / FILE).write_text(generated(), encoding="utf-8")
    print(FILE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
