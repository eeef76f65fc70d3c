"""Who sets a signal, and which alerts and dashboards look at it: read from the code, the rules and the dashboards."""

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from chassis import metrics
from chassis.instruments import Signal
from deploy.grafana import questions
from deploy.machine.folder import ROOT
from services import SERVICES

RULES = ROOT / "deploy" / "prometheus" / "rules"
ASKED = re.compile(r"[a-z_:]*\blianxin_[a-z0-9_:]+")
_PARTS = ("_bucket", "_sum", "_count")


@dataclass(frozen=True, slots=True)
class Used:
    """Where one signal comes from and who asks for it, by name."""

    set_in: tuple[str, ...]
    alerts: tuple[str, ...]
    dashboards: tuple[str, ...]


def signals() -> list[Signal]:
    """Everything the chassis and the four services declare, in the order of their modules."""
    for service in SERVICES:
        importlib.import_module(f"services.{service}.metrics")
    return [each for each in metrics.REGISTRY.catalogue if each.service in (None, *SERVICES)]


def used(signal: Signal) -> Used:
    """Raises StopIteration for an instrument that no `metrics` module names."""
    return Used(tuple(_setters(signal)), _asking(signal, alerts()), _asking(signal, dashboards()))


@cache
def alerts() -> Mapping[str, frozenset[str]]:
    """The signals each alert asks for."""
    return {rule["alert"]: asked(rule["expr"]) for rule in _rules() if "alert" in rule}


@cache
def _recorded() -> Mapping[str, str]:
    """What other rules ask by a name of its own."""
    return {rule["record"]: rule["expr"] for rule in _rules() if "record" in rule}


@cache
def dashboards() -> Mapping[str, frozenset[str]]:
    """The signals each dashboard asks for, by its uid."""
    return {each["uid"]: frozenset().union(*map(asked, _expressions(each))) for each in questions.dashboards()}


def asked(expression: str) -> frozenset[str]:
    """Signals in a query: a histogram's parts as the histogram, a recorded rule as what it asks itself."""
    found = ASKED.findall(expression)
    behind = [asked(_recorded()[name]) for name in found if name in _recorded()]
    return frozenset(_whole(name) for name in found if name not in _recorded()).union(*behind)


def _whole(name: str) -> str:
    known = {signal.name for signal in signals()}
    return next((name.removesuffix(part) for part in _PARTS if name.removesuffix(part) in known), name)


def _asking(signal: Signal, askers: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    return tuple(name for name, names in askers.items() if signal.name in names)


@cache
def _rules() -> list[Any]:
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.yaml"))]
    return [rule for document in documents for group in document["groups"] for rule in group["rules"]]


def _expressions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "query", "definition") and isinstance(value, str):
                yield value
            else:
                yield from _expressions(value)
    elif isinstance(node, list):
        for each in node:
            yield from _expressions(each)


def _setters(signal: Signal) -> Iterator[str]:
    """Files in which the instrument is used; the declaration itself is no use."""
    module = importlib.import_module(f"services.{signal.service}.metrics" if signal.service else "chassis.metrics")
    name, declared = _constant(module, signal), Path(str(module.__file__))
    for path in sorted(declared.parent.rglob("*.py")):
        use = rf"^ .*\b{name}\." if path == declared else rf"\bmetrics\.{name}\b"
        if re.search(use, path.read_text(encoding="utf-8"), re.MULTILINE):
            yield path.relative_to(ROOT).as_posix()


def _constant(module: ModuleType, signal: Signal) -> str:
    return next(name for name, value in vars(module).items() if value is signal.instrument)
