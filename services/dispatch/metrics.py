"""Instruments of dispatch."""

from collections.abc import Iterable

from chassis import metrics
from services.dispatch.case import Fact

TRIAGED = metrics.counter(
    "dispatch", "triaged", "cases studied, by what came of it: automatic, restricted, queue", ["result"]
)
STEPS = metrics.counter("dispatch", "steps", "events raised on cases, by type", ["type"])
LOGINS = metrics.counter("dispatch", "logins", "logins by what came of them: in, refused, locked", ["result"])


def count(facts: Iterable[Fact]) -> None:
    """Counts what is about to be committed."""
    for fact in facts:
        STEPS.labels(fact.type).inc()
        if fact.type == "case.triaged":
            result = "automatic" if fact.says["automatic"] else "restricted" if fact.case.restricted else "queue"
            TRIAGED.labels(result).inc()
