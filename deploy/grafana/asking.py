"""`python -m deploy.grafana.asking http://127.0.0.1:9090`: does every panel get an answer, is every rule in order?

Says what is missing, a line each, and ends with 1 if anything is. It knows Prometheus' address and nothing else.
"""

import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import requests

from deploy.grafana.questions import Question, annotations, choices, dashboards, questions, variables

PATIENCE = 30  # seconds one answer may take
STEP = 5  # seconds between two points: a panel of ordinary width over a quarter of an hour
WINDOW = 900


class Refused(Exception):
    """Prometheus did not take the query; the text is its own."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A question that has no answer, or a rule that is not in order, and why."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was asked and what was found missing."""

    asked: int
    series: int
    rules: int
    left_out: Sequence[str]
    missing: Sequence[Finding]


class Prometheus:
    """A running server, asked by its HTTP interface."""

    def __init__(self, url: str) -> None:
        self.url, self.http = url.rstrip("/"), requests.Session()

    def close(self) -> None:
        """Lets go of the connection."""
        self.http.close()

    def scrape_seconds(self) -> int:
        """How often our processes are asked: the shortest interval of the active targets."""
        targets = self.get("targets", state="active")["activeTargets"]
        return max(1, min((_seconds(each["scrapeInterval"]) for each in targets), default=15))

    def label_values(self, metric: str, label: str) -> list[str]:
        """The values of a label among the metric's series."""
        return [str(value) for value in self.get(f"label/{label}/values", **{"match[]": metric})]

    def series(self, expr: str, instant: bool, at: float | None = None) -> int:
        """How many series with at least one number answer, over the last quarter of an hour. Raises Refused."""
        end = at or time.time()
        if instant:
            found = self.get("query", query=expr, time=end)
        else:
            found = self.get("query_range", query=expr, start=end - WINDOW, end=end, step=STEP)
        return sum(_has_number(series) for series in found["result"])

    def rules(self) -> list[dict[str, Any]]:
        """Every rule as it was evaluated last."""
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def get(self, what: str, **parameters: Any) -> Any:
        """The data of one answer of `/api/v1/<what>`. Raises Refused."""
        answer = self.http.get(f"{self.url}/api/v1/{what}", params=parameters, timeout=PATIENCE)
        content = answer.json()
        if content["status"] != "success":
            raise Refused(content["error"])
        return content["data"]


def prove(prometheus: Prometheus) -> Proof:
    """Ask every question of every dashboard once, and how each rule is."""
    scrape = prometheus.scrape_seconds()
    chosen = {board["uid"]: choices(board) for board in dashboards()}
    asked = [each for each in questions() if not each.only_on_kubernetes]
    found: list[Finding] = []
    series = 0
    for question in asked:
        try:
            expr = question.filled(STEP, scrape, WINDOW, chosen[question.board])
            count = prometheus.series(expr, question.instant)
            series += count
            found += [] if count else [Finding(str(question), f"no series: {expr}")]
        except Refused as error:
            found.append(Finding(str(question), str(error)))
    rules = prometheus.rules()
    left_out = sorted({_why_left_out(each) for each in questions() if each.only_on_kubernetes})
    found += _unfilled(prometheus) + _sick(rules)
    return Proof(len(asked), series, len(rules), left_out, found)


def _unfilled(prometheus: Prometheus) -> list[Finding]:
    """Variables without a value, namespaces apart, and annotations that are refused."""
    found = []
    for board in dashboards():
        for name, metric, label in variables(board):
            if name != "namespace" and not prometheus.label_values(metric, label):
                found.append(Finding(f"{board['uid']} / ${name}", f"no value of {label} in {metric}"))
        for expr in annotations(board):
            try:
                prometheus.series(expr, instant=False)
            except Refused as error:
                found.append(Finding(f"{board['uid']} / annotation", str(error)))
    return found


def _sick(rules: Sequence[dict[str, Any]]) -> list[Finding]:
    return [
        Finding(f"rule {rule['name']}", f"health {rule['health']} {rule.get('lastError', '')}".strip())
        for rule in rules
        if rule["health"] != "ok"
    ]


def _why_left_out(question: Question) -> str:
    return f"{question.board} / {question.panel}: {question.only_on_kubernetes}"


def _has_number(series: dict[str, Any]) -> bool:
    points = series.get("values") or [series["value"]]
    return any(not math.isnan(float(value)) for _, value in points)


def _seconds(duration: str) -> int:
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    unit = duration.lstrip("0123456789.")
    return round(float(duration.removesuffix(unit)) * units[unit])


def told(proof: Proof) -> list[str]:
    """The proof in lines for a person."""
    lines = [f"missing  {finding}" for finding in proof.missing]
    lines += [f"left out {reason}" for reason in proof.left_out]
    return [*lines, f"{proof.asked} queries, {proof.series} series, {proof.rules} rules, {len(proof.missing)} missing"]


def main() -> int:
    """Ask the server named on the command line."""
    if len(sys.argv) != 2:
        print("Give Prometheus' address: python -m deploy.grafana.asking http://127.0.0.1:9090", file=sys.stderr)
        return 2
    prometheus = Prometheus(sys.argv[1])
    proof = prove(prometheus)
    for line in told(proof):
        print(line)
    return 1 if proof.missing else 0


if __name__ == "__main__":
    sys.exit(main())
