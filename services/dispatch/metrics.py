"""Instruments of dispatch."""

from collections.abc import Iterable

from chassis import metrics
from services.dispatch.domain.case import Fact
from services.dispatch.domain.deadlines import MARKS
from services.dispatch.domain.states import OPEN
from services.dispatch.events import PUBLISHES

HOURS = (1, 10, 60, 600, 3600, 7200, 4 * 3600, 8 * 3600, 24 * 3600, 48 * 3600, 72 * 3600, 7 * 24 * 3600)

TRIAGED = metrics.counter(
    "dispatch", "triaged", "Cases studied, by what came of it", {"result": ("automatic", "restricted", "queue")}
)
STEPS = metrics.counter("dispatch", "steps", "Events raised on cases", {"type": tuple(each.type for each in PUBLISHES)})
LOGINS = metrics.counter("dispatch", "logins", "Logins by what came of them", {"result": ("in", "refused", "locked")})
SENT_AFTER = metrics.histogram(
    "dispatch", "sent_after_seconds", "From a letter's submission to its first dispatch", buckets=HOURS
)
CLOSED_AFTER = metrics.histogram(
    "dispatch", "closed_after_seconds", "From a case's first dispatch to its closure", buckets=HOURS
)
CASES = metrics.reading(
    "dispatch",
    "cases",
    "Open cases by state, and those closed since midnight in Asia/Shanghai",
    {"state": (*OPEN, "closed")},
)
CASES_OPEN = metrics.reading(
    "dispatch",
    "cases_open",
    "Open cases by the unit that has them and their mark; no series where there is none. Restricted ones have no "
    "unit here",
    {"unit": "codes of the organisation; restricted; none", "mark": MARKS},
)


def count(facts: Iterable[Fact]) -> None:
    """Counts what is about to be committed."""
    for fact in facts:
        STEPS.labels(fact.type).inc()
        if fact.type == "case.triaged":
            result = "automatic" if fact.says["automatic"] else "restricted" if fact.case.restricted else "queue"
            TRIAGED.labels(result).inc()
        if not fact.case.imported:
            _time(fact)


def _time(fact: Fact) -> None:
    sent = fact.case.dispatched_at
    submitted = fact.case.letter.submitted_at if fact.case.letter else None
    if fact.type == "case.dispatched" and sent == fact.at and submitted:
        SENT_AFTER.observe((fact.at - submitted).total_seconds())
    if fact.type == "case.closed" and sent:
        CLOSED_AFTER.observe((fact.at - sent).total_seconds())
