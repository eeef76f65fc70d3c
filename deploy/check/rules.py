"""Prometheus' rules: what promtool says of them, their tests, and what we ask of every alert."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from deploy.check import queries, signals, tool
from deploy.check.files import missing, walk
from deploy.check.finding import Finding

FOLDER = "deploy/prometheus"
SEVERITIES = {"page", "ticket"}
ANNOTATIONS = {"summary", "description", "runbook_url", "dashboard_url"}


class Alert(NamedTuple):
    """One alerting rule and the file it stands in, relative to the root."""

    file: str
    rule: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.rule["alert"])

    @property
    def runbook(self) -> str:
        """The file's name, as `outbox-stalled` with its suffix, from its link."""
        return str(self.rule.get("annotations", {}).get("runbook_url", "")).rpartition("/")[2]

    @property
    def dashboard(self) -> str:
        """`lianxin-messaging`, from its link."""
        return re.split("[/?]", str(self.rule.get("annotations", {}).get("dashboard_url", "")).partition("/d/")[2])[0]


def kebab(name: str) -> str:
    """`OutboxStalled` as its runbook is called."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def alerts(root: Path) -> list[Alert]:
    """Every alert of every rule file."""
    found = []
    for path in walk(root / FOLDER / "rules", ".yaml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            found += [Alert(str(path.relative_to(root)), rule) for rule in group["rules"] if "alert" in rule]
    return found


def check(root: Path) -> Iterator[Finding]:
    yield from missing(root, f"{FOLDER}/prometheus.yaml", f"{FOLDER}/rules", f"{FOLDER}/tests")
    yield from form(root)
    yield from told(root)
    yield from twins(root)
    yield from tested(root)
    yield from _promtool(root)


def _promtool(root: Path) -> Iterator[Finding]:
    config, rules = root / FOLDER / "prometheus.yaml", sorted(walk(root / FOLDER / "rules", ".yaml"))
    if config.exists():
        yield from _said(root, config, "check", "config", config)
    for path in rules:
        yield from _said(root, path, "check", "rules", "--lint=all", "--lint-fatal", path)
    for path in sorted(walk(root / FOLDER / "tests", ".yaml")):
        yield from _said(root, path, "test", "rules", path)


def _said(root: Path, path: Path, *arguments: str | Path) -> Iterator[Finding]:
    done = tool.run("promtool", *arguments, cwd=path.parent)
    if done.returncode:
        yield Finding(
            str(path.relative_to(root)), "", f"promtool {arguments[0]} {arguments[1]}: {tool.complaint(done)}"
        )


def form(root: Path) -> Iterator[Finding]:
    """Severity, annotations, a name that says its group's file, one group a file."""
    for each in alerts(root):
        labels, annotations = each.rule.get("labels", {}), each.rule.get("annotations", {})
        if labels.get("severity") not in SEVERITIES:
            yield Finding(each.file, each.name, f"has severity {labels.get('severity')}, not page or ticket")
        if ANNOTATIONS - annotations.keys():
            yield Finding(each.file, each.name, f"lacks {', '.join(sorted(ANNOTATIONS - annotations.keys()))}")
    for path in walk(root / FOLDER / "rules", ".yaml"):
        names = [group["name"] for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
        if names != [path.stem]:
            yield Finding(str(path.relative_to(root)), "", f"holds groups {names}, not one named {path.stem}")


def told(root: Path) -> Iterator[Finding]:
    """Every metric and label that a rule asks for is made by somebody."""
    for path in walk(root / FOLDER / "rules", ".yaml"):
        groups = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        recorded = {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}
        for rule in (rule for group in groups for rule in group["rules"]):
            for sentence in queries.unknown(rule["expr"]):
                if not any(f" {name}," in sentence for name in recorded):
                    yield Finding(str(path.relative_to(root)), rule.get("alert") or rule["record"], sentence)


def twins(root: Path) -> Iterator[Finding]:
    """Every gauge of ours that an alert reads has an alert on its absence: a loop that stopped fires nothing else."""
    seen: set[str] = set()
    for each in alerts(root):
        seen |= queries.missed(each.rule["expr"])
    for each in alerts(root):
        for one in queries.selected(each.rule["expr"]):
            signal = signals.ours().get(one.name)
            if signal is not None and signal.kind in ("gauge", "reading") and one.name not in seen:
                yield Finding(each.file, each.name, f"reads the gauge {one.name}, whose absence no alert tells")


def tested(root: Path) -> Iterator[Finding]:
    """Every alert has a test in which it fires and one in which it does not."""
    firing: set[str] = set()
    silent: set[str] = set()
    for path in walk(root / FOLDER / "tests", ".yaml"):
        for test in yaml.safe_load(path.read_text(encoding="utf-8")).get("tests") or []:
            for case in test.get("alert_rule_test") or []:
                (firing if case.get("exp_alerts") else silent).add(case["alertname"])
    for name, file in sorted({each.name: each.file for each in alerts(root)}.items()):
        if name not in firing:
            yield Finding(file, name, "has no test in which it fires")
        if name not in silent and name != "Watchdog":
            yield Finding(file, name, "has no test in which it does not fire yet, or no more")
