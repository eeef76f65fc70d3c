"""SMS and letters: never twice, never silently unsent, never untrue."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from referee import verdicts as demo
from referee.evidence import Logged
from referee.invariants.evidence import Evidence, Row, moment
from referee.invariants.findings import DOUBLED, LOST, WRONG, Finding, taken_over
from referee.invariants.real_time import reals

STAFF_TEXTS = ("警报", "预警", "警示函")
AT_ONCE = timedelta(seconds=5)
"""Two transactions that began within this time may not have seen each other."""


def no_sms_twice(evidence: Evidence) -> Iterator[Finding]:
    """I5: the gateway delivered each message at most once, by its keys, by notify's tables and by text and number."""
    yield from taken_over("I5", demo.messages_carried(evidence.books), DOUBLED)
    yield from taken_over("I5", demo.messages_planned(evidence.books), DOUBLED)
    delivered = [taken for taken in evidence.gateway if not taken.repeat]
    states = {row["id"]: row["state"] for row in evidence.rows("notify.sms")}
    for key, times in Counter(taken.key for taken in delivered).items():
        if times > 1:
            yield Finding("I5", DOUBLED, f"the gateway delivered one SMS {times} times", key)
        if states.get(key) == "released":
            yield Finding("I5", DOUBLED, "an SMS counts as not taken and was delivered: its messages went again", key)
    # A gathered text to staff may truly repeat; a resident's names the case and what happened.
    ours = {(t.to, t.text, t.key) for t in delivered if not t.text.partition("】")[2].startswith(STAFF_TEXTS)}
    for (to, text), times in Counter((to, text) for to, text, _ in ours).items():
        if times > 1:
            key = min(key for *about, key in ours if about == [to, text])
            yield Finding("I5", DOUBLED, f"one text went to one telephone under {times} keys", key)


def nothing_unsent(evidence: Evidence) -> Iterator[Finding]:
    """I6: every message that was due exists and ended as sent, failed, skipped or held for a person."""
    yield from taken_over("I6", demo.messages_carried(evidence.books), LOST)
    yield from taken_over("I6", demo.messages_planned(evidence.books), LOST)
    taken = {each.key for each in evidence.gateway}
    for row in evidence.rows("notify.sms"):
        if row["state"] == "claimed":
            yield Finding("I6", LOST, "nobody knows what became of an SMS, and nobody was asked", row["id"])
        elif row["state"] == "sent" and row["id"] not in taken:
            yield Finding("I6", LOST, "an SMS counts as sent and the gateway never took it", row["id"])
        elif row["state"] == "failed" and row["id"] in taken:
            yield Finding("I6", WRONG, "an SMS counts as failed and the gateway took it", row["id"])


def nothing_untrue_sent(evidence: Evidence) -> Iterator[Finding]:
    """I7: when a message was claimed, nothing that notify had read made it untrue, and it was not too old."""
    claimed = {row["id"]: row["claimed_at"] for row in evidence.rows("notify.sms") if row["state"] == "sent"}
    of_case = _messages_of(evidence)
    for row in evidence.rows("notify.messages"):
        at = claimed.get(row["sms"])
        if row["state"] != "sent" or at is None:
            continue
        untrue_since = _untrue_since(evidence, row, of_case[row["case_number"]])
        if untrue_since and _surely_after(evidence, at, untrue_since):
            yield Finding("I7", WRONG, f"{row['template']} was sent to {row['recipient']} untrue", row["case_number"])
        if row["useful_until"] and row["useful_until"] <= at and not row["ordered"]:
            yield Finding("I7", WRONG, f"{row['template']} was sent to {row['recipient']} too late", row["case_number"])


def _surely_after(evidence: Evidence, later: datetime, earlier: datetime) -> bool:
    """By the wall's clock, whichever of several times a clock that was set back may have shown them."""
    before, after = (reals(evidence.shifts, "notify", each) for each in (earlier, later))
    return bool(before and after) and min(after) > max(before) + AT_ONCE


def _untrue_since(evidence: Evidence, row: Row, others: list[Row]) -> datetime | None:
    """When notify committed what makes the message untrue: the rows it wrote in that same transaction say so.

    A close is dated by the message that tells the resident of it, a later mark by its message to a post, a
    retraction by the letter it voided; without such a row the moment is not known, and nothing is claimed.
    """
    if row["template"] == "letter":
        return _letter_settled(evidence, row)
    found = [other["planned_at"] for other in others if _contradicts(other, row, others)]
    if row["template"] == "red":
        found += _retracted(evidence, row)
    return min(found, default=None)


def _contradicts(other: Row, row: Row, rows: list[Row]) -> bool:
    if row["template"] in ("promised", "reopened", "red", "yellow") and other["template"] == "closed":
        return _round(other, rows) >= _round(row, rows)
    if row["recipient"] == "resident" and other["template"] in ("withdrawn", "reopened"):
        withdrawn = other["template"] == "withdrawn" and row is not other
        return withdrawn or (row["template"] == "closed" and _round(row, rows) < _round(other, rows))
    return row["template"] == "yellow" and other["template"] == "red" and bool(other["seq"] > row["seq"])


def _round(row: Row, rows: list[Row]) -> int:
    """Which pass of its case a message is about: a closing ends the next, a clock of sla begins or serves its own."""
    if row["template"] == "closed":
        return _told_until(row, rows, "closed")
    return 1 + _told_until(row, rows, "reopened")


def _told_until(row: Row, rows: list[Row], template: str) -> int:
    return len([each for each in rows if each["template"] == template and each["seq"] <= row["seq"]])


def _retracted(evidence: Evidence, row: Row) -> list[datetime]:
    if not any(e.type == "clock.retracted" and e.seq > row["seq"] for e in evidence.of("sla", row["case_number"])):
        return []
    letters = [each for each in evidence.rows("notify.letters") if each["case_number"] == row["case_number"]]
    return [each["voided_at"] for each in letters if each["cause"] == "retracted"]


def _letter_settled(evidence: Evidence, row: Row) -> datetime | None:
    for letter in evidence.rows("notify.letters"):
        if letter["id"] == row["params"].get("letter"):
            settled: datetime | None = letter["acknowledged_at"] or letter["voided_at"]
            return settled
    return None


def _messages_of(evidence: Evidence) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in evidence.rows("notify.messages"):
        found.setdefault(row["case_number"], []).append(row)
    return found


def one_letter_for_a_breach(evidence: Evidence) -> Iterator[Finding]:
    """I8: each breach that calls for a letter has one row, one number, one paper, told once; numbers have no hole."""
    log = tuple(entry for entry in evidence.books.log if not _needs_no_letter(evidence, entry))
    yield from taken_over("I8", demo.letters_written(replace(evidence.books, log=log)))
    told = Counter((e.subject, e.type) for e in evidence.events("notify", *LETTER_EVENTS))
    for row in evidence.rows("notify.letters"):
        for type_, reached in LETTER_EVENTS.items():
            due = int(row["state"] in reached)
            if told[row["id"], type_] != due:
                kind = DOUBLED if told[row["id"], type_] > due else LOST
                yield Finding("I8", kind, f"{type_} was told {told[row['id'], type_]} times", row["case_number"])


LETTER_EVENTS = {
    "letter.proposed": ("proposed", "signed", "issued", "acknowledged", "voided"),
    "letter.issued": ("issued", "acknowledged"),
    "letter.acknowledged": ("acknowledged",),
    "letter.voided": ("voided",),
}


def _needs_no_letter(evidence: Evidence, entry: Logged) -> bool:
    """A breach without a letter whose grace runs still, or in whose grace the case was closed."""
    if entry.type != "clock.breached" or not entry.data["letter_after"]:
        return False
    clock = (entry.subject, entry.data["kind"], entry.data["gen"])
    if any((row["case_number"], row["kind"], row["gen"]) == clock for row in evidence.rows("notify.letters")):
        return False
    due = moment(entry.data["due"])
    assert due is not None
    letter_due = due + timedelta(seconds=entry.data["letter_after"])
    ends = ("case.closed", "case.withdrawn", "case.merged")
    closings = [moment(e.data["at"]) for e in evidence.of("dispatch", entry.subject) if e.type in ends]
    return letter_due > evidence.now["notify"] or any(at <= letter_due for at in closings if at)
