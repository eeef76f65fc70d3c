"""At rest: nothing left over, nothing grown, no person's data where it does not belong."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from referee.invariants.evidence import Evidence
from referee.invariants.findings import LEAKED, LEFT, LOST, WRONG, Finding
from services import SERVICES

LEFT_OVER = {
    "attempt": "an event's attempts are still counted",
    "held": "the broker refused an event",
    "halt": "the relay stands still",
}
PROBES = 2  # each worker's own probe goes round through its inbox; that no event lies there is I1's
UNREADABLE = "undecodable"
CHUNK = 1 << 20
DIGITS = re.compile(r"\d{11,}")


class Bound(NamedTuple):
    """After the faults a size may be `factor` of what it was before, and `more` besides."""

    factor: float
    more: float


# The pools of a process fill once: 32 connections to the gateway, 10 to its database.
BOUNDS = {
    "rss_kb": Bound(1.5, 65536),
    "fds": Bound(1.5, 48),
    "connections": Bound(1.5, 24),
    "locks": Bound(1.0, 16),
}


def nothing_left_over(evidence: Evidence) -> Iterator[Finding]:
    """I14: outboxes, queues, claims and attempts are empty; aside is exactly the poison that was meant to park."""
    for service, count in evidence.books.waiting.items():
        if count:
            yield Finding("I14", LEFT, f"{count} events wait in the outbox", service)
    for queue, messages in _queues(evidence).items():
        if messages > (PROBES if queue.endswith(".inbox") else 0):
            yield Finding("I14", LEFT, f"{messages:.0f} messages lie there", queue)
    for row in evidence.rows("notify.messages"):
        if row["state"] in ("pending", "claimed"):
            yield Finding("I14", LEFT, f"a message is still {row['state']}", row["case_number"])
    for service in SERVICES:
        for table, what in LEFT_OVER.items():
            yield from (
                Finding("I14", LEFT, what, f"{service} {_first(row)}") for row in evidence.rows(f"{service}.{table}")
            )
        yield from _aside(evidence, service)


def _queues(evidence: Evidence) -> dict[str, float]:
    """The least seen in each queue afterwards."""
    found: dict[str, float] = {}
    for sample in evidence.samples:
        if sample.when == "after" and sample.of.startswith("queue "):
            found[sample.of] = min(sample.value, found.get(sample.of, sample.value))
    return found


def _first(row: object) -> str:
    return str(next(iter(dict(row).values())))  # type: ignore[call-overload]


def _aside(evidence: Evidence, service: str) -> Iterator[Finding]:
    meant = {each.id: each for each in evidence.poison if each.parks and each.consumer == service}
    there = evidence.rows(f"{service}.aside")
    for row in there:
        if row["id"] not in meant:
            yield Finding("I14", LEFT, "an event is aside that nobody meant to be", f"{service} {row['subject']}")
        elif not row["parked"]:
            yield Finding("I14", LEFT, "a poisonous message is not parked", f"{service} {row['subject']}")
    for id_, each in meant.items():
        times = sum(row["id"] == id_ for row in there)
        # What has no readable number can't be known again when it is delivered again.
        is_unreadable = any(row["id"] == id_ and row["source"] == UNREADABLE for row in there)
        if not times or (times > 1 and not is_unreadable):
            yield Finding("I14", WRONG if times else LOST, f"{each.kind} is aside {times} times", service)


def nothing_grown(evidence: Evidence) -> Iterator[Finding]:
    """I15: each process's memory and files, each database's connections and locks are back near what they were."""
    before: dict[tuple[str, str], float] = {}
    for sample in evidence.samples:
        if sample.when == "before":
            before[sample.of, sample.what] = max(sample.value, before.get((sample.of, sample.what), 0.0))
    for sample in evidence.samples:
        bound, base = BOUNDS.get(sample.what), before.get((sample.of, sample.what))
        if sample.when == "after" and bound and base is not None and sample.value > base * bound.factor + bound.more:
            yield Finding("I15", LEFT, f"{sample.what} grew from {base:.0f} to {sample.value:.0f}", sample.of)


def no_personal_data(evidence: Evidence) -> Iterator[Finding]:
    """I19: no telephone and no name of any letter's writer is in what others may read. Findings never quote them."""
    telephones, names = sentinels(evidence)
    for place, texts in evidence.written.items():
        told, named = 0, 0
        for chunk in _chunks(texts):
            told += len({n for run in DIGITS.findall(chunk) for n in _inside(run)} & telephones)
            named += sum(name in chunk for name in names)
        if told or named:
            yield Finding("I19", LEAKED, f"{told} telephones and {named} names of residents are in", place)


def sentinels(evidence: Evidence) -> tuple[set[str], set[str]]:
    """Telephones and names to look for: those of writers that are no officer's and that no letter's text has in it."""
    staff = evidence.rows("dispatch.staff")
    telephones = {str(post.body["mobile"]) for post in evidence.posts if post.body.get("mobile")}
    writers: dict[str, set[str]] = {}
    for post in evidence.posts:
        if len(str(post.body.get("name") or "")) > 1:
            writers.setdefault(str(post.body["description"]), set()).add(str(post.body["name"]))
    # What somebody else wrote about a person is that letter's text, and travels with it.
    names = {name for of_text in writers.values() for name in of_text}
    common = {name for name in names for text, own in writers.items() if name not in own and name in text}
    known = " ".join(str(row["name"]) for row in staff)
    kept = {name for name in names - common if name not in known}
    return telephones - {row["mobile"] for row in staff}, kept | {_escaped(name) for name in kept}


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode()


def _inside(run: str) -> Iterator[str]:
    return (run[start : start + 11] for start in range(len(run) - 10))


def _chunks(texts: Iterable[str]) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for text in texts:
        held.append(text)
        size += len(text)
        if size > CHUNK:
            yield "\n".join(held)
            held, size = [], 0
    yield "\n".join(held)
