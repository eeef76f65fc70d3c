"""What every service counts, and the exposition of one process: each sample is labelled `service` and `process`."""

from prometheus_client import generate_latest

from chassis.instruments import REGISTRY, SIZES, TINY, begin, counter, gauge, histogram, reading

__all__ = ["REGISTRY", "begin", "configure", "counter", "exposition", "gauge", "histogram", "reading"]


def configure(service: str, process: str) -> None:
    """Name this process: its samples carry `service` and `process` (api, worker)."""
    REGISTRY.constant = {"service": service, "process": process}


def exposition() -> bytes:
    """Everything this process counts, in Prometheus' text format."""
    return generate_latest(REGISTRY)


_ENDPOINT = {"method": "the HTTP methods, or other", "endpoint": "names of the views, or none"}
OUTCOMES = ("applied", "aside", "known")
_TYPE = "types of the contracts' events"

HTTP_REQUESTS = counter(
    None, "http_requests", "Requests answered", {**_ENDPOINT, "status": "HTTP status codes we answer with"}
)
HTTP_SECONDS = histogram(None, "http_request_seconds", "From the request read to the answer ready", _ENDPOINT)

EVENTS = counter(
    None,
    "events",
    "Events taken from the inbox, by what became of them",
    {"type": f"{_TYPE}, or any", "outcome": OUTCOMES},
)
EVENT_SECONDS = histogram(
    None,
    "event_seconds",
    "One event folded into its case, in memory; its share of the database is in batch_seconds",
    {"type": _TYPE, "outcome": ("applied", "aside")},
    buckets=TINY,
)
BATCH_SECONDS = histogram(None, "batch_seconds", "One inbox batch, from the first event in hand to the acknowledgement")
BATCH_EVENTS = histogram(None, "batch_events", "Events in one inbox batch", buckets=SIZES)
INBOX_LAG_SECONDS = reading(
    None,
    "inbox_lag_seconds",
    "From sending a probe to the commit of all before it; absent while no probe comes back",
    fresh=15.0,
)
ASIDE_ROWS = reading(None, "aside_rows", "Events that failed, by state", {"state": ("waiting", "parked")})

RELAYED = counter(None, "relayed_events", "Events confirmed by the broker and moved to the log", {"type": _TYPE})
RELAY_SECONDS = histogram(None, "relay_seconds", "One relay batch that held events, from claim to commit")
RELAY_STOPPED = reading(
    None, "relay_stopped", "1 while the relay refuses to publish, by reason", {"reason": ("queue_missing",)}
)
OUTBOX_ROWS = reading(None, "outbox_rows", "Events waiting to be published")
OUTBOX_OLDEST_SECONDS = reading(None, "outbox_oldest_seconds", "Age of the oldest waiting event")
OUTBOX_HELD = reading(
    None, "outbox_held", "Events that the broker refused; their subjects' later ones wait behind them"
)

POOL_WAIT_SECONDS = histogram(
    None, "pool_wait_seconds", "From asking the pool for a connection to having one, a new one made included"
)
POOL_CONNECTIONS = gauge(
    None, "pool_connections", "Connections to the database this process holds", {"state": ("in_use", "idle")}
)
RPC_SECONDS = histogram(
    None,
    "rpc_seconds",
    "One question of another service, from its arrival to the answer made",
    {"method": "methods of the service", "outcome": ("answered", "refused", "failed")},
)

BUILD_INFO = gauge(
    None,
    "build_info",
    "1; which release this process is, and the newest database revision it knows",
    {"version": "one a release", "schema": "one a release"},
)
SCHEMA_REVISION = reading(None, "schema_revision", "1; the revision the database has", {"revision": "one a release"})
BACKUP_TAKEN = reading(
    None, "backup_taken_timestamp_seconds", "Unix time at which the newest proven backup was taken; 0: never"
)

LOOP_RUNS = counter(
    None, "loop_runs", "Turns of a service's loop that found work", {"loop": "names of the service's loops"}
)
LOOP_FAILURES = counter(
    None,
    "loop_failures",
    "Turns of a background loop that ended in an exception",
    {"loop": "names of the service's loops"},
)
HUB_LAG_SECONDS = reading(
    None, "hub_lag_seconds", "How late the event loop woke up, the worst of the last half minute", fresh=15.0
)
