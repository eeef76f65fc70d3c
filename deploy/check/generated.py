"""What `python -m deploy.kubernetes` writes into k8s/ from rules and dashboards is what is committed."""

import importlib
from collections.abc import Iterator
from pathlib import Path

from deploy.check.files import missing
from deploy.check.finding import Finding

GENERATOR = "deploy.kubernetes.copies"


def check(root: Path) -> Iterator[Finding]:
    yield from missing(root, "deploy/kubernetes/copies.py")
    if (root / "deploy/kubernetes/copies.py").exists():
        for sentence in importlib.import_module(GENERATOR).drift(root):
            yield Finding("k8s/components", "", sentence)
