"""Clocks: never early, in order, once, in time; and no alert stands that what was done in time contradicts."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from referee import verdicts as demo
from referee.invariants.evidence import Entry, Evidence, moment
from referee.invariants.findings import EARLY, LATE, LEFT, LOST, WRONG, Finding, taken_over
from referee.invariants.real_time import CATCH_UP, Window, due_since, healed_after, real, windows

OVER = ("met", "stopped")
HEALTHY, SETTLED = timedelta(seconds=1), timedelta(seconds=5)
SHARE = 0.999
# What shows that a clock's limit had passed before the claim saw it, or that it was kept.
ENDS = {
    "accept": ("accepted_at", "refused_at"),
    "dispatch": ("dispatched_at",),
    "contact": ("contacted_at", "replied_at", "closed_at"),
    "close": ("replied_at", "closed_at"),
}
STOPS = ("case.withdrawn", "case.merged")


def alerts_in_time(evidence: Evidence) -> Iterator[Finding]:
    """I9: yellow before red, each once and none missing; never early; late only by a fault and its recovery."""
    yield from taken_over("I9", demo.clocks_fired(evidence.books))
    yield from _in_order(evidence)
    yield from _missing(evidence)
    for entry in evidence.events("sla", "clock.warned", "clock.breached"):
        if entry.time < _limit(entry) and not _proven(evidence, entry):
            yield Finding("I9", EARLY, f"{entry.type} of {entry.data['kind']} came before its time", entry.subject)
    yield from _late(evidence)


def _in_order(evidence: Evidence) -> Iterator[Finding]:
    came: dict[tuple[str, str, int], set[str]] = {}
    for entry in evidence.log:
        if entry.service == "sla" and entry.type.startswith("clock."):
            before = came.setdefault((entry.subject, entry.data["kind"], entry.data["gen"]), set())
            if entry.type != "clock.started" and "clock.started" not in before:
                yield Finding("I9", WRONG, f"{entry.type} of a clock that never started", entry.subject)
            if entry.type == "clock.breached" and "clock.warned" not in before:
                yield Finding("I9", WRONG, "red came before yellow", entry.subject)
            before.add(entry.type)


def _missing(evidence: Evidence) -> Iterator[Finding]:
    """A clock past its limit at the end that is not over has been breached."""
    for row in evidence.rows("sla.clocks"):
        passed = row["due"] + SETTLED < evidence.now["sla"]
        if passed and row["status"] in ("armed", "warned") and row["number"] not in evidence.strangers:
            yield Finding("I9", LOST, f"the clock {row['kind']} ran out and nothing came", row["number"])


def _limit(entry: Entry) -> datetime:
    at = moment(entry.data["warn_at" if entry.type == "clock.warned" else "due"])
    assert at is not None
    return at


def _proven(evidence: Evidence, entry: Entry) -> bool:
    """Whether a recorded fact shows that the limit had passed, by the clock of the service that recorded it."""
    due = moment(entry.data["due"])
    return any(at > due for at in _ends(evidence, entry.subject, entry.data["kind"]) if due)


def _ends(evidence: Evidence, number: str, kind: str) -> list[datetime]:
    told = [*evidence.of("intake", number), *evidence.of("dispatch", number)]
    found = [moment(entry.data.get(name)) for entry in told for name in ENDS[kind]]
    found += [moment(entry.data["at"]) for entry in told if entry.type in STOPS]
    return [at for at in found if at]


def disturbances(evidence: Evidence) -> list[tuple[datetime, datetime]]:
    """When alerts may be late: a fault of sla or the broker and its recovery; any other for as long as it is on."""
    return [
        (w.begin, w.healed_by if _concerns_sla(w) else w.end + timedelta(seconds=CATCH_UP)) for w in windows(evidence)
    ]


def _concerns_sla(window: Window) -> bool:
    return "sla" in window.target or window.of == "broker"


def lateness(evidence: Evidence, disturbing: list[tuple[datetime, datetime]]) -> list[tuple[timedelta, bool, Entry]]:
    """For each alert the claim fired: how late it came by the wall's clock, and whether that is too late.

    Without a fault up to `HEALTHY`; with faults until the last of them is healed, which prolongs the time.
    """
    found = []
    started = {_clock(e): e for e in evidence.events("sla", "clock.started")}
    for entry in evidence.events("sla", "clock.warned", "clock.breached"):
        begun, at = started.get(_clock(entry)), moment(entry.data["at"])
        if begun is None or at is None or entry.data["silent"] or at > _limit(entry) or _proven(evidence, entry):
            continue  # before an import, woken by a send-back, or shown by a fact: not the claim's
        known = real(evidence.shifts, "sla", begun.time, begun.published_at)
        fired = real(evidence.shifts, "sla", entry.time, entry.published_at)
        due = max(due_since(evidence.shifts, "sla", at, fired), known)
        found.append((fired - due, fired > healed_after(disturbing, due, HEALTHY), entry))
    return found


def _late(evidence: Evidence) -> Iterator[Finding]:
    alerts = lateness(evidence, disturbances(evidence))
    late = sorted(each for each in alerts if each[1])
    # One in a thousand may be; of fewer than a thousand, none.
    for by, _, entry in late[: len(late) - math.floor(len(alerts) * (1 - SHARE) + 1e-9)]:
        yield Finding("I9", LATE, f"{entry.type} came {by.total_seconds():.1f} s late", entry.subject)


def kept_limits_never_alert(evidence: Evidence) -> Iterator[Finding]:
    """I10: what was done in time is not red, or the red is retracted and nobody is told of it any more."""
    for row in evidence.rows("sla.clocks"):
        if row["breached_at"] and row["met_at"] and row["met_at"] <= row["due"] and not row["retracted"]:
            yield Finding("I10", WRONG, f"a breach of {row['kind']} stands that was kept in time", row["number"])
        if row["status"] not in OVER and row["number"] not in evidence.strangers and _over(evidence, row["number"]):
            yield Finding("I10", WRONG, f"the clock {row['kind']} of a case that is over still runs", row["number"])
    over: set[tuple[str, str, int]] = set()
    for entry in evidence.log:
        if entry.service == "sla" and entry.type.startswith("clock."):
            clock = _clock(entry)
            if clock in over and entry.type in ("clock.warned", "clock.breached"):
                yield Finding("I10", WRONG, f"{entry.type} of a clock that was over", entry.subject)
            ends = entry.type == "clock.met" or (entry.type == "clock.changed" and entry.data["status"] in OVER)
            over |= {clock} if ends else set()
    yield from _acted_on(evidence)


def _clock(entry: Entry) -> tuple[str, str, int]:
    return (entry.subject, entry.data["kind"], entry.data["gen"])


def _over(evidence: Evidence, number: str) -> bool:
    row = evidence.cases("dispatch").get(number, {})
    return row.get("closed_at") is not None or row.get("state") in ("withdrawn", "merged")


def _acted_on(evidence: Evidence) -> Iterator[Finding]:
    retracted = {(e.subject, e.data["kind"], e.data["gen"]): e for e in evidence.events("sla", "clock.retracted")}
    for row in evidence.rows("notify.letters"):
        if (row["case_number"], row["kind"], row["gen"]) in retracted and row["state"] == "proposed":
            yield Finding("I10", LEFT, "a letter about a retracted breach waits for a signature", row["case_number"])
    for row in evidence.rows("notify.messages"):
        later = any(e.subject == row["case_number"] and e.seq > row["seq"] for e in retracted.values())
        if row["template"] == "red" and later and row["state"] == "pending":
            yield Finding("I10", LEFT, "a message about a retracted breach waits to be sent", row["case_number"])
