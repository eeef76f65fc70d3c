"""PromQL as a parser reads it: whether it is valid, and which metrics and labels it asks for."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import promql_parser as promql

from deploy.check import signals

VARIABLES = {
    r"\$\{?__rate_interval\}?": "5m", r"\$\{?__interval\}?": "1m", r"\$\{?__range\}?": "1h",
    r"\$\{?__range_s\}?": "3600", r"\$\{?__interval_ms\}?": "60000",
}  # fmt: skip
COMMON_LABELS = {"__name__", "service", "process", "job", "instance", "namespace", "le", "quantile"}


class Selected(NamedTuple):
    """One selector of a query: the metric's name and the labels it matches by."""

    name: str
    labels: frozenset[str]


def plain(text: str) -> str:
    """A dashboard's query with Grafana's variables filled in, as Prometheus would get it."""
    for variable, value in VARIABLES.items():
        text = re.sub(variable, value, text)
    return re.sub(r"\$\{?\w+(:\w+)?\}?", "x", text)


def parsed(text: str) -> Any:
    """Its tree. Raises ValueError with what the parser says."""
    return promql.parse(plain(text))


def selected(text: str) -> list[Selected]:
    """Every selector in it. Raises ValueError where it is no PromQL."""
    return [
        Selected(each.name or _by_matcher(each), frozenset(one.name for one in each.matchers.matchers))
        for each in _nodes(parsed(text))
        if isinstance(each, promql.VectorSelector)
    ]


def _by_matcher(each: Any) -> str:
    return next((one.value for one in each.matchers.matchers if one.name == "__name__"), "")


def _nodes(node: Any) -> Iterator[Any]:
    """The tree's nodes, itself first."""
    yield node
    for name in ("expr", "lhs", "rhs", "param", "vector_selector", "vs"):
        if (below := getattr(node, name, None)) is not None:
            yield from _nodes(below)
    for below in getattr(node, "args", None) or []:
        yield from _nodes(below)


def missed(text: str) -> set[str]:
    """Metrics whose absence it tells of: inside absent(), or what `unless` takes away."""
    found: set[str] = set()
    for node in _nodes(parsed(text)):
        hidden = None
        if isinstance(node, promql.Call) and node.func.name in ("absent", "absent_over_time"):
            hidden = node.args[0]
        elif isinstance(node, promql.BinaryExpr) and str(node.op).lower() == "unless":
            hidden = node.rhs
        if hidden is not None:
            found |= {str(each.name) for each in _nodes(hidden) if isinstance(each, promql.VectorSelector)}
    return found


def unknown(text: str) -> Iterator[str]:
    """What a query asks for and nobody makes: metrics, or labels of ours that they do not carry."""
    try:
        asked = selected(text)
    except ValueError as trouble:
        yield f"is no PromQL: {trouble}: {text}"
        return
    for each in asked:
        if not signals.known(each.name):
            yield f"asks for {each.name or 'no metric'}, which neither the code nor upstream_metrics.yaml has"
        elif each.name in signals.ours():
            wrong = each.labels - set(signals.ours()[each.name].labels) - COMMON_LABELS
            if wrong:
                yield f"asks {each.name} by {', '.join(sorted(wrong))}, labels it does not carry"
