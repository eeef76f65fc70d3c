"""What a dashboard is made of, as plain values: rows of panels, each with its questions and what is thought of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

RUNBOOKS = "https://runbooks.lianxin.example"
"""Where runbooks are read; `deploy/prometheus/links.py` puts the real address in its place, here as in the rules."""
COLUMNS = 24
HEIGHTS = {"lines": 8, "bars": 8, "ranking": 8, "table": 8, "number": 4, "verdict": 4}


class Shape(StrEnum):
    """How a panel shows what it was told."""

    LINES = "lines"
    BARS = "bars"  # stacked, over time
    RANKING = "ranking"  # one bar a series, as it stands now
    TABLE = "table"  # labels of the series as they stand now
    NUMBER = "number"  # one large number a series
    VERDICT = "verdict"  # one of the words ok, look, act, as `make status` says them


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL with Grafana's variables in it, and how its series are named in the legend."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Above `look`: unusual, may mend itself. Above `act`: nothing happens until a person does something."""

    look: float
    act: float | None = None
    unit: str = ""

    def words(self) -> str:
        """The bounds for who cannot tell the colours."""
        look = f"Yellow, look: above {self._value(self.look)}." if self.look != self.act else ""
        act = f"Red, act: above {self._value(self.act)}." if self.act is not None else ""
        return f"{look} {act}".strip()

    def _value(self, value: float) -> str:
        return f"{value:,g}{f' {self.unit}' if self.unit else ''}"


@dataclass(frozen=True, slots=True)
class Link:
    """Where to read on."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `only_on_kubernetes` says why it can have no data elsewhere, and is empty where it can."""

    title: str
    about: str
    queries: Sequence[Query]
    unit: str
    shape: Shape = Shape.LINES
    width: int = 8
    bounds: Bounds | None = None
    links: Sequence[Link] = ()
    decimals: int | None = None
    only_on_kubernetes: str = ""

    @property
    def height(self) -> int:
        return HEIGHTS[self.shape]

    @property
    def description(self) -> str:
        """What it shows, what the colours mean, and what it needs."""
        needs = f"Only on Kubernetes: {self.only_on_kubernetes}." if self.only_on_kubernetes else ""
        return " ".join(filter(None, (self.about, self.bounds.words() if self.bounds else "", needs)))


@dataclass(frozen=True, slots=True)
class Row:
    """Panels that answer one question, which is the title."""

    title: str
    panels: Sequence[Panel]
    collapsed: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top: the values of `label` among the series of `metric`, all of them to begin with."""

    name: str
    label: str
    metric: str
    about: str


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard; its uid is `lianxin-<name>`."""

    name: str
    title: str
    about: str
    rows: Sequence[Row]
    variables: Sequence[Variable] = ()
    links: Sequence[Link] = ()

    @property
    def uid(self) -> str:
        return f"lianxin-{self.name}"

    @property
    def panels(self) -> list[Panel]:
        return [panel for row in self.rows for panel in row.panels]


def runbook(name: str) -> Link:
    """The runbook of that file name without its ending."""
    return Link(f"Runbook: {name.replace('-', ' ')}", f"{RUNBOOKS}/{name}.md")


def dashboard(name: str, title: str) -> Link:
    """Another of these dashboards."""
    return Link(f"Dashboard: {title}", f"/d/lianxin-{name}")


def published(number: int, title: str) -> Link:
    """A dashboard that others publish, by its number in Grafana's catalogue."""
    return Link(f"Published dashboard {number}: {title}", f"https://grafana.com/grafana/dashboards/{number}")


def verdict(
    title: str,
    about: str,
    expr: str,
    bounds: Bounds,
    links: Sequence[Link],
    legend: str = "{{service}}",
    width: int = 8,
) -> Panel:
    """A panel of the words ok, look and act for what `expr` says."""
    act = f" + (({expr}) > bool {bounds.act:g})" if bounds.act is not None else ""
    query = Query(f"(({expr}) > bool {bounds.look:g}){act}", legend)
    return Panel(title, about, [query], "none", Shape.VERDICT, width, bounds, links)
