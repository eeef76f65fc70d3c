"""The PrometheusRule objects below k8s/ are what `python -m deploy.kubernetes.rules` makes of the rules."""

from collections.abc import Iterator
from pathlib import Path

from deploy.check.files import missing
from deploy.check.finding import Finding
from deploy.kubernetes import rules


def check(root: Path) -> Iterator[Finding]:
    yield from missing(root, str(rules.FILE))
    file = root / rules.FILE
    if file.exists() and file.read_text(encoding="utf-8") != rules.generated(root):
        yield Finding(str(rules.FILE), "", "is not what its source says; run python -m deploy.kubernetes.rules")
