"""Every alert has its runbook and its dashboard; every runbook has the four parts a person at night needs."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from deploy.check import boards
from deploy.check.files import walk
from deploy.check.finding import Finding
from deploy.check.rules import alerts, kebab

FOLDER = "docs/runbooks"
PARTS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]


def check(root: Path) -> Iterator[Finding]:
    yield from told(root)
    yield from complete(root)


def told(root: Path) -> Iterator[Finding]:
    """One to one: an alert's runbook is named as the alert and no other alert's; its dashboard exists."""
    uids = {board["uid"] for _, board in boards.committed(root)}
    linked: Counter[str] = Counter()
    for name, each in {each.name: each for each in alerts(root)}.items():
        linked[each.runbook] += 1
        if each.runbook != f"{kebab(name)}.md":
            yield Finding(each.file, name, f"links the runbook {each.runbook}, not {kebab(name)}.md")
        elif not (root / FOLDER / each.runbook).exists():
            yield Finding(each.file, name, f"has no runbook {FOLDER}/{each.runbook}")
    for each in alerts(root):
        if each.dashboard not in uids:
            yield Finding(each.file, each.name, f"links the dashboard {each.dashboard}, which is not committed")
    for runbook, times in linked.items():
        if times > 1:
            yield Finding(f"{FOLDER}/{runbook}", "", f"is the runbook of {times} alerts")


def complete(root: Path) -> Iterator[Finding]:
    index = root / FOLDER / "README.md"
    said = index.read_text(encoding="utf-8") if index.exists() else ""
    for path in walk(root / FOLDER, ".md"):
        if path != index:
            parts = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.M)
            if parts != PARTS:
                yield Finding(str(path.relative_to(root)), "", f"has the parts {parts}, not {PARTS}")
            if f"({path.name})" not in said:
                yield Finding(str(path.relative_to(root)), "", f"is not in {FOLDER}/README.md")
