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


class Selected(NamedTuple):
    """One selector of a query: the metric's name and (label, value) of what it matches by, a pattern's values apart."""

    name: str
    matched: tuple[tuple[str, str], ...]

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(label for label, _ in self.matched)


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
        Selected(each.name or _by_matcher(each), tuple(_matched(each)))
        for each in _nodes(parsed(text))
        if isinstance(each, promql.VectorSelector)
    ]


def _by_matcher(each: Any) -> str:
    return next((one.value for one in each.matchers.matchers if one.name == "__name__"), "")


def _matched(each: Any) -> Iterator[tuple[str, str]]:
    for one in each.matchers.matchers:
        exact = one.op in (promql.MatchOp.Equal, promql.MatchOp.NotEqual)
        yield from ((one.name, value) for value in ([one.value] if exact else one.value.split("|")))


def carried(text: str) -> set[str] | None:
    """Labels of everything it selects; None where one metric's have not been looked up. Raises ValueError."""
    found: set[str] = set()
    for each in selected(text):
        own = signals.labels(each.name)
        if own is None:
            return None
        found |= own
    return found


def grouped(text: str) -> set[str]:
    """Labels it aggregates by. Raises ValueError where it is no PromQL."""
    aggregates = (each for each in _nodes(parsed(text)) if isinstance(each, promql.AggregateExpr))
    return {label for each in aggregates if each.modifier for label in each.modifier.labels}


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
    """What a query asks for and nobody makes: metrics, labels they do not carry, values a label does not take."""
    try:
        asked = selected(text)
    except ValueError as trouble:
        yield f"is no PromQL: {trouble}: {text}"
        return
    for each in asked:
        yield from _unknown(each)
    there = carried(text)
    if there is not None and (wrong := grouped(text) - there):
        yield f"aggregates by {', '.join(sorted(wrong))}, labels that nothing in it carries"


def _unknown(each: Selected) -> Iterator[str]:
    if not signals.known(each.name):
        yield f"asks for {each.name or 'no metric'}, which neither the code nor upstream_metrics.yaml has"
        return
    carried = signals.labels(each.name)
    if carried is not None and (wrong := each.labels - carried):
        yield f"asks {each.name} by {', '.join(sorted(wrong))}, labels it does not carry"
    declared = signals.ours()[each.name].labels if each.name in signals.ours() else {}
    for label, value in each.matched:
        values = declared.get(label, "")
        if not isinstance(values, str) and re.fullmatch(r"\w+", value) and value not in map(str, values):
            yield f"asks {each.name} for {label} {value}, which it never has"
