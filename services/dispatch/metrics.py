"""Instruments of dispatch."""

from collections.abc import Iterable

from chassis import metrics
from services.dispatch.case import Fact

TRIAGED = metrics.counter(
    "dispatch", "triaged", "Cases studied, by what came of it", {"result": "automatic, restricted, queue"}
)
STEPS = metrics.counter("dispatch", "steps", "Events raised on cases", {"type": "types of dispatch's events"})
LOGINS = metrics.counter("dispatch", "logins", "Logins by what came of them", {"result": "in, refused, locked"})
CASES = metrics.reading(
    "dispatch",
    "cases",
    "Cases by state: the open ones, and of the others those that ended today (Asia/Shanghai)",
    {"state": "states of a case"},
)
CASES_OPEN = metrics.reading(
    "dispatch",
    "cases_open",
    "Open cases by the unit that has them and their mark; no series where there is none",
    {"unit": "codes of the organisation, or none", "mark": "none, green, yellow, red"},
)


def count(facts: Iterable[Fact]) -> None:
    """Counts what is about to be committed."""
    for fact in facts:
        STEPS.labels(fact.type).inc()
        if fact.type == "case.triaged":
            result = "automatic" if fact.says["automatic"] else "restricted" if fact.case.restricted else "queue"
            TRIAGED.labels(result).inc()
