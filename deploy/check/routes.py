"""Alertmanager's configuration: valid, and who is told of what, route by route."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from deploy.check import rules, tool
from deploy.check.files import missing
from deploy.check.finding import Finding

CONFIG = "deploy/alertmanager/alertmanager.yaml"
RECEIVERS = {"page": "page", "ticket": "ticket"}
"""Which receiver an alert of each severity must reach."""


def check(root: Path) -> Iterator[Finding]:
    yield from missing(root, CONFIG)
    if (root / CONFIG).exists():
        done = tool.run("amtool", "check-config", root / CONFIG)
        if done.returncode:
            yield Finding(CONFIG, "", f"amtool: {tool.complaint(done)}")
            return
        yield from routed(root)
        yield from silenced(root)


def routed(root: Path) -> Iterator[Finding]:
    """Every alert of the rules reaches the receiver of its severity; the watchdog its own."""
    wanted = {
        (each.name, str(each.rule["labels"]["severity"])): RECEIVERS.get(each.rule["labels"]["severity"], "")
        for each in rules.alerts(root)
        if "severity" in each.rule.get("labels", {})
    }
    reached: dict[tuple[str, str], str] = {}
    for name, severity in wanted:
        labels = (f"alertname={name}", f"severity={severity}")
        done = tool.run("amtool", "config", "routes", "test", f"--config.file={root / CONFIG}", *labels)
        reached[name, severity] = done.stdout.strip()
    for (name, severity), receiver in wanted.items():
        expected = "watchdog" if name == "Watchdog" else receiver
        if reached[name, severity] != expected:
            yield Finding(CONFIG, name, f"of severity {severity} reaches {reached[name, severity]}, not {expected}")


def silenced(root: Path) -> Iterator[Finding]:
    """An inhibition that names an alert which does not exist silences nothing, or the wrong one after a renaming."""
    there = {each.name for each in rules.alerts(root)}
    for rule in yaml.safe_load((root / CONFIG).read_text(encoding="utf-8")).get("inhibit_rules") or []:
        for matcher in [*rule.get("source_matchers", []), *rule.get("target_matchers", [])]:
            name, _, value = (part.strip(' "~=') for part in matcher.partition("="))
            for each in value.split("|") if name == "alertname" else ():
                if each not in there:
                    yield Finding(CONFIG, each, "is named by an inhibition and is no alert")
