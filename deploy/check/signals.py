"""Which metrics there are: those the code declares, and those of others that rules and dashboards read."""

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from chassis import metrics
from chassis.instruments import Signal
from services import SERVICES

UPSTREAM = Path(__file__).parent / "upstream_metrics.yaml"
SUFFIXES = ("_bucket", "_count", "_sum")
CARRIED = {"__name__", "service", "process", "job", "instance", "namespace", "le", "quantile"}
"""Labels that samples have besides their own: of the process, of the scrape, of a bucket."""


@cache
def ours() -> dict[str, Signal]:
    """Every instrument of the code by the name its samples carry."""
    for service in SERVICES:
        importlib.import_module(f"services.{service}.metrics")
    found: dict[str, Signal] = {}
    for signal in metrics.REGISTRY.catalogue:
        names = [signal.name + suffix for suffix in SUFFIXES] if signal.kind == "histogram" else [signal.name]
        found |= dict.fromkeys(names, signal)
    return found


@cache
def upstream() -> dict[str, frozenset[str] | None]:
    """Metrics that others make, each with its own labels where they were looked up."""
    said = yaml.safe_load(UPSTREAM.read_text(encoding="utf-8"))
    found: dict[str, frozenset[str] | None] = {}
    for each in (metric for source in said for metric in source["metrics"]):
        found |= {name: frozenset(labels) for name, labels in each.items()} if isinstance(each, dict) else {each: None}
    return found


def labels(name: str) -> frozenset[str] | None:
    """What samples of this name carry, of the process and the scrape too; None where nobody has looked it up."""
    own = frozenset(ours()[name].labels) if name in ours() else upstream().get(name)
    return None if own is None else own | CARRIED


def known(name: str) -> bool:
    """Whether something makes samples of this name."""
    return name in ours() or name in upstream()


def exposition() -> Iterator[str]:
    """Prometheus' text of every instrument, each with one sample, as `promtool check metrics` wants it."""
    for signal in {id(each): each for each in ours().values()}.values():
        kind = "gauge" if signal.kind == "reading" else signal.kind
        labels = ",".join(f'{name}="x"' for name in ("service", "process", *signal.labels))
        yield f"# HELP {signal.name} {signal.about}"
        yield f"# TYPE {signal.name} {kind}"
        if kind == "histogram":
            yield f'{signal.name}_bucket{{{labels},le="+Inf"}} 1'
            yield f"{signal.name}_sum{{{labels}}} 1"
            yield f"{signal.name}_count{{{labels}}} 1"
        else:
            yield f"{signal.name}{{{labels}}} 1"
