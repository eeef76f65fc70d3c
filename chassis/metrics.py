"""Instruments, and the exposition of one process with the labels `service` and `process` on every sample.

What every service has is named `lianxin_<what>`, so that one panel shows all four; what only one has is named
`lianxin_<service>_<what>`. Durations are in seconds. A gauge that is read from a database holds the same value in
every replica: aggregate it with `max`.
"""

from collections.abc import Iterable, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import Metric

SHORT = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
"""Bucket bounds, in seconds, of what should take milliseconds."""
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
"""Bucket bounds of batch sizes."""


class _Registry(CollectorRegistry):
    def __init__(self) -> None:
        super().__init__(auto_describe=False)
        self.constant: dict[str, str] = {}

    def collect(self) -> Iterable[Metric]:
        for metric in super().collect():
            metric.samples = [each._replace(labels={**each.labels, **self.constant}) for each in metric.samples]
            yield metric


disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = _Registry()
ProcessCollector(registry=REGISTRY)


def configure(service: str, process: str) -> None:
    """Name this process: its samples carry `service` and `process` (api, worker)."""
    REGISTRY.constant = {"service": service, "process": process}


def exposition() -> bytes:
    """Everything this process counts, in Prometheus' text format."""
    return generate_latest(REGISTRY)


def counter(service: str, name: str, about: str, labels: Sequence[str] = ()) -> Counter:
    """`lianxin_<service>_<name>_total`."""
    return Counter(f"lianxin_{service}_{name}", about, labels, registry=REGISTRY)


def gauge(service: str, name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
    """`lianxin_<service>_<name>`."""
    return Gauge(f"lianxin_{service}_{name}", about, labels, registry=REGISTRY)


def histogram(
    service: str, name: str, about: str, labels: Sequence[str] = (), buckets: Sequence[float] = SHORT
) -> Histogram:
    """`lianxin_<service>_<name>`, the unit last in `name`: `lateness_seconds`."""
    return Histogram(f"lianxin_{service}_{name}", about, labels, registry=REGISTRY, buckets=buckets)


def _counter(name: str, about: str, labels: Sequence[str] = ()) -> Counter:
    return Counter(f"lianxin_{name}", about, labels, registry=REGISTRY)


def _gauge(name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
    return Gauge(f"lianxin_{name}", about, labels, registry=REGISTRY)


def _histogram(name: str, about: str, labels: Sequence[str] = (), buckets: Sequence[float] = SHORT) -> Histogram:
    return Histogram(f"lianxin_{name}", about, labels, registry=REGISTRY, buckets=buckets)


HTTP_REQUESTS = _counter("http_requests", "Requests answered", ["method", "endpoint", "status"])
HTTP_SECONDS = _histogram("http_request_seconds", "From the request read to the answer ready", ["method", "endpoint"])

EVENTS = _counter("events", "Events taken from the inbox, by what became of them", ["type", "outcome"])
BATCH_SECONDS = _histogram("batch_seconds", "One inbox batch, from the first event in hand to the acknowledgement")
BATCH_EVENTS = _histogram("batch_events", "Events in one inbox batch", buckets=SIZES)
INBOX_LAG_SECONDS = _gauge("inbox_lag_seconds", "From sending a probe to the commit of all before it")
ASIDE_ROWS = _gauge("aside_rows", "Events that failed, by state: max over replicas", ["state"])

RELAYED = _counter("relayed_events", "Events confirmed by the broker and moved to the log", ["type"])
RELAY_SECONDS = _histogram("relay_seconds", "One relay batch that held events, from claim to commit")
RELAY_STOPPED = _gauge("relay_stopped", "1 while the relay refuses to publish, by reason", ["reason"])
OUTBOX_ROWS = _gauge("outbox_rows", "Events waiting to be published: max over replicas")
OUTBOX_OLDEST_SECONDS = _gauge("outbox_oldest_seconds", "Age of the oldest waiting event: max over replicas")
OUTBOX_HELD = _gauge("outbox_held", "Events behind one that the broker refused: max over replicas")

LOOP_RUNS = _counter("loop_runs", "Turns of a background loop that found work", ["loop"])
LOOP_FAILURES = _counter("loop_failures", "Turns of a background loop that ended in an exception", ["loop"])
HUB_LAG_SECONDS = _gauge("hub_lag_seconds", "How late the event loop woke up last: what blocked it took this long")
