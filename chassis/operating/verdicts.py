"""What is waiting in a service and whether that is a problem: one line each, with a verdict and a runbook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.operating.table import aligned, seconds

OK, LOOK, ACT = "ok", "look", "act"
"""`ok`; `look`: unusual, may mend itself; `act`: nothing happens until a person does something."""
SHAPES = {OK: ".", LOOK: "?", ACT: "!"}
RUNBOOKS = "docs/runbooks"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: its name, its state in words, the verdict, and the runbook that says what to do."""

    what: str
    says: str
    verdict: str = OK
    runbook: str = ""


def graded(what: str, says: str, value: float, look: float, act: float, runbook: str) -> Line:
    """`look` above one bound of `value`, `act` above another."""
    verdict = ACT if value > act else LOOK if value > look else OK
    return Line(what, says, verdict, "" if verdict == OK else f"{RUNBOOKS}/{runbook}.md")


def lines(facts: Mapping[str, Any]) -> list[Line]:
    """The lines every service has, from the facts `chassis.operating.facts` gathers."""
    if facts["database"] != "answers":
        away = Line("database", f"{facts['database']}, nothing else is known", ACT, f"{RUNBOOKS}/database-away.md")
        return [away, _queue(facts["queue"])]
    outbox, aside = facts["outbox"], facts["aside"]
    oldest = outbox["oldest_seconds"]
    return [
        graded("outbox", _waiting(outbox), oldest, 10, 60, "outbox-growing"),
        graded("held", _some(outbox["held"], "event", "refused by the broker"), outbox["held"], 0, 0, "outbox-growing"),
        graded("halted", _halted(facts["halted"]), len(facts["halted"]), 0, 0, "relay-stopped"),
        _queue(facts["queue"]),
        graded("aside", _some(aside["waiting"], "event", "tried again"), aside["waiting"], 0, 10_000, "events-aside"),
        graded("parked", _parked(aside), aside["parked_subjects"], 0, 0, "events-aside"),
    ]


def _queue(queue: Mapping[str, Any]) -> Line:
    name, answer, ready = queue["name"], queue["answer"], queue["ready"]
    if answer == "broker away":
        return Line("queue", "broker away: it does not answer", ACT, f"{RUNBOOKS}/outbox-growing.md")
    if answer == "queue missing":
        return Line("queue", f"{name} is missing", ACT, f"{RUNBOOKS}/relay-stopped.md")
    if answer == "not asked":
        return Line("queue", "not asked: AMQP_URI is not set", LOOK, f"{RUNBOOKS}/README.md")
    if not queue["readers"]:
        return Line("queue", f"{ready} events wait and nobody reads", ACT, f"{RUNBOOKS}/inbox-growing.md")
    return graded("queue", _some(ready, "event", "ready"), ready, 1_000, 20_000, "inbox-growing")


def _waiting(outbox: Mapping[str, Any]) -> str:
    if not outbox["rows"]:
        return "nothing waits"
    return f"{_some(outbox['rows'], 'event')} to publish, the oldest {seconds(outbox['oldest_seconds'])}"


def _halted(queues: Sequence[str]) -> str:
    return f"publishes nothing: lost {', '.join(queues)}" if queues else "no"


def _parked(aside: Mapping[str, int]) -> str:
    if not aside["parked_subjects"]:
        return "none"
    return f"{_some(aside['parked_subjects'], 'subject')}, {_some(aside['behind_parked'], 'event')} with them"


def _some(count: int, noun: str, after: str = "") -> str:
    return f"{count} {noun}{'' if count == 1 else 's'} {after}".rstrip() if count else "none"


def worst(verdicts: Sequence[str]) -> str:
    """The verdict over several."""
    return max(verdicts, key=list(SHAPES).index, default=OK)


def screen(services: Sequence[tuple[str, Sequence[Line]]]) -> str:
    """All lines of one or more services; the verdict as a word and a shape, so that no colour is needed."""
    cells = [
        [service if n == 0 else "", SHAPES[line.verdict], line.verdict, line.what, line.says, line.runbook]
        for service, shown in services
        for n, line in enumerate(shown)
    ]
    return aligned(cells, gap=1)
