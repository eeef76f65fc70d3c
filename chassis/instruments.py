"""How an instrument is made: its name, its labels with the values they may take, and its place in the catalogue.

What every service has is named `lianxin_<what>`, so that one panel shows all of them; what only one has is named
`lianxin_<service>_<what>`. Durations are in seconds. A label says all its values, or whose they are: none may grow with
residents, cases or what clients send.
"""

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

SHORT = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
"""Bucket bounds, in seconds, of what should take milliseconds."""
TINY = (0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1)
"""Bucket bounds, in seconds, of what should take microseconds."""
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Bucket bounds of batch sizes."""
FRESH_SECONDS = 60.0
"""How long a reading is shown: every loop that reads runs several times within it."""

T = TypeVar("T")
Labels = Mapping[str, str | Sequence[str]]
NONE: Labels = {}


@dataclass(frozen=True, slots=True)
class Signal:
    """One instrument as documented; `labels` lists the values each may take, or says whose they are."""

    name: str
    kind: str
    about: str
    labels: Labels
    service: str | None
    instrument: object = field(repr=False)


class Registry(CollectorRegistry):
    """Adds the labels of the process to every sample, and remembers what was declared."""

    def __init__(self) -> None:
        super().__init__(auto_describe=False)
        self.constant: dict[str, str] = {}
        self.catalogue: list[Signal] = []

    def collect(self) -> Iterable[Metric]:
        for metric in super().collect():
            metric.samples = [each._replace(labels={**each.labels, **self.constant}) for each in metric.samples]
            yield metric


class ReadGauge(Collector):
    """A gauge that a loop reads, mostly from a database: it disappears once it has not been read for a while.

    A stopped loop must not keep showing its last value; an alert on such a gauge has a twin on its absence.
    Every replica that reads shows the same: aggregate with `max`.
    """

    def __init__(self, name: str, about: str, labels: Sequence[str], fresh: float) -> None:
        self.name, self.about, self.labels, self.fresh = name, about, labels, fresh
        self.values: Mapping[tuple[str, ...], float] = {}
        self.read_at = 0.0
        REGISTRY.register(self)

    def set(self, value: float) -> None:
        """The value of a gauge without labels."""
        self.replace({(): value})

    def replace(self, values: Mapping[tuple[str, ...], float]) -> None:
        """All values there are now, by label values in order; one that is not among them is gone."""
        self.values, self.read_at = dict(values), time.monotonic()

    def collect(self) -> Iterable[Metric]:
        if not self.values or time.monotonic() - self.read_at > self.fresh:
            return
        family = GaugeMetricFamily(self.name, self.about, labels=self.labels)
        for key, value in self.values.items():
            family.add_metric(key, value)
        yield family


disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = Registry()
ProcessCollector(registry=REGISTRY)


def counter(service: str | None, name: str, about: str, labels: Labels = NONE) -> Counter:
    """`lianxin_<service>_<name>_total`. Where all values are listed each is there from the start, as 0: the first of
    something rare is an increase then."""
    full = _full(service, name)
    made = Counter(full, about, list(labels), registry=REGISTRY)
    begin(made, *labels.values())
    return _declared(Signal(f"{full}_total", "counter", about, labels, service, made), made)


def gauge(service: str | None, name: str, about: str, labels: Labels = NONE) -> Gauge:
    """`lianxin_<service>_<name>`: what the process itself knows at every moment."""
    full = _full(service, name)
    made = Gauge(full, about, list(labels), registry=REGISTRY)
    return _declared(Signal(full, "gauge", about, labels, service, made), made)


def reading(
    service: str | None, name: str, about: str, labels: Labels = NONE, fresh: float = FRESH_SECONDS
) -> ReadGauge:
    """`lianxin_<service>_<name>`, absent when nobody has read it for `fresh` seconds."""
    full = _full(service, name)
    made = ReadGauge(full, about, list(labels), fresh)
    return _declared(Signal(full, "reading", about, labels, service, made), made)


def histogram(
    service: str | None, name: str, about: str, labels: Labels = NONE, buckets: Sequence[float] = SHORT
) -> Histogram:
    """`lianxin_<service>_<name>`, the unit last in `name`: `lateness_seconds`."""
    full = _full(service, name)
    made = Histogram(full, about, list(labels), registry=REGISTRY, buckets=buckets)
    return _declared(Signal(full, "histogram", about, labels, service, made), made)


def begin(counter: Counter, *values: str | Sequence[str]) -> None:
    """Shows a counter as 0 for every combination of its labels' `values`, unless one of them is only described."""
    listed = [each for each in values if not isinstance(each, str)]
    if listed and len(listed) == len(values):
        for combination in itertools.product(*listed):
            counter.labels(*combination)


def _full(service: str | None, name: str) -> str:
    return f"lianxin_{service}_{name}" if service else f"lianxin_{name}"


def _declared(signal: Signal, made: T) -> T:
    REGISTRY.catalogue.append(signal)
    return made
