"""What the services expose, as Prometheus' own linter sees it: names, units, help, no forbidden suffix."""

from collections.abc import Iterator
from pathlib import Path

from deploy.check import signals, tool
from deploy.check.finding import Finding


def check(root: Path) -> Iterator[Finding]:
    yield from wrong("\n".join(signals.exposition()) + "\n")


def wrong(text: str) -> Iterator[Finding]:
    """One finding a line of promtool's."""
    done = tool.run("promtool", "check", "metrics", given=text.encode())
    for line in done.stderr.splitlines():
        name, _, sentence = line.partition(" ")
        yield Finding("chassis/metrics.py, services/*/metrics.py", name, sentence)
    if done.returncode and not done.stderr:
        yield Finding("chassis/metrics.py, services/*/metrics.py", "", tool.complaint(done))
