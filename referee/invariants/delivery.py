"""What travels between the services: once, in order, one assignment."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from referee import verdicts as demo
from referee.invariants.evidence import Entry, Evidence, number_of
from referee.invariants.findings import DOUBLED, LOST, REORDERED, WRONG, Finding, taken_over

LEFT = ("case.withdrawn", "case.merged")
ADDED = ("case.supplemented",)
WISHED = (*ADDED, "case.withdrawal_asked", "case.rated")
# What may follow what in a subject's log; None is before the first.
LEGAL: dict[str, dict[str | None, tuple[str, ...]]] = {
    "intake": {
        None: ("case.submitted",),
        "case.submitted": (*ADDED, "case.accepted", "case.refused", "case.withdrawn"),
        **dict.fromkeys(("case.accepted", "case.withdrawal_asked", "case.rated"), WISHED),
        "case.supplemented": (*WISHED, "case.accepted", "case.refused", "case.withdrawn"),
    },
    "dispatch": {
        None: ("case.triaged", "case.dispatched"),  # an import is dispatched unstudied
        "case.triaged": ("case.dispatched", *LEFT),
        # An import may be contacted unacknowledged.
        "case.dispatched": ("case.acknowledged", "case.contacted", "case.handed_back", *LEFT),
        "case.handed_back": ("case.dispatched", *LEFT),
        "case.acknowledged": ("case.contacted", "case.handed_back", *LEFT),
        "case.contacted": ("case.replied", *LEFT),
        "case.replied": ("case.closed", "case.sent_back", *LEFT),
        "case.sent_back": ("case.replied", *LEFT),
        "case.closed": ("case.reopened",),
        "case.reopened": ("case.replied", *LEFT),
        # A merged case goes the way of the one it became part of.
        "case.merged": ("case.contacted", "case.replied", "case.withdrawn"),
    },
    "notify": {
        None: ("letter.proposed", "message.delivered", "message.failed"),
        "letter.proposed": ("letter.issued", "letter.voided"),
        "letter.issued": ("letter.acknowledged",),
    },
}


def effects_once(evidence: Evidence) -> Iterator[Finding]:
    """I4: each cause in its producer's log has exactly one consequence in each consumer's."""
    yield from taken_over("I4", demo.events_published(evidence.books), DOUBLED)
    submitted = {e.subject: e for e in evidence.events("intake", "case.submitted")}
    accepted = {e.subject: e for e in evidence.events("intake", "case.accepted")}
    dispatched = {e.subject for e in evidence.events("dispatch", "case.dispatched")}
    studied = {number for number, e in accepted.items() if not e.data.get("imported")}
    yield from _exactly_once(evidence, "dispatch", "case.triaged", studied)
    for kind, numbers in (
        ("accept", submitted),
        ("dispatch", accepted),
        ("contact", dispatched),
        ("close", dispatched),
    ):
        yield from _exactly_once(evidence, "sla", "clock.started", set(numbers), kind)
    yield from _same(evidence, "a new round's promise", *_rounds(evidence))
    yield from _told_once(evidence)
    yield from _same(evidence, "a turn of a clock", _firings(evidence), _turns(evidence))
    work = Counter((row["case_number"], row["seq"], row["type"]) for row in evidence.rows("dispatch.work"))
    said = Counter(
        (e.subject, e.seq, e.type) for e in evidence.log if e.service == "dispatch" and e.type[:5] == "case."
    )
    yield from _same(evidence, "a step in the work log", work, said)


def _rounds(evidence: Evidence) -> tuple[Counter[Any], Counter[Any]]:
    """Each reopening, and each close clock of a later gen."""
    promised = (e for e in evidence.events("sla", "clock.started") if e.data["kind"] == "close" and e.data["gen"] > 1)
    reopened = evidence.events("dispatch", "case.reopened")
    return Counter((e.subject, e.data["round"]) for e in reopened), Counter(
        (e.subject, e.data["gen"]) for e in promised
    )


def _exactly_once(evidence: Evidence, service: str, type_: str, due: set[str], kind: str = "") -> Iterator[Finding]:
    told = (e for e in evidence.events(service, type_) if not kind or (e.data["kind"], e.data["gen"]) == (kind, 1))
    came = Counter(e.subject for e in told)
    what = f"{type_} {kind}".strip()
    for number in sorted(due - came.keys()):
        yield Finding("I4", LOST, f"{what} never came of its cause", number)
    for number, times in came.items():
        if times > 1:
            yield Finding("I4", DOUBLED, f"{what} came {times} times", number)
        if number not in due | evidence.strangers:
            yield Finding("I4", WRONG, f"{what} came of nothing", number)


def _told_once(evidence: Evidence) -> Iterator[Finding]:
    told = Counter(e.subject for e in evidence.events("notify", "message.delivered", "message.failed"))
    ended = {row["id"]: row for row in evidence.rows("notify.messages") if row["state"] in ("sent", "failed")}
    for id_, row in ended.items():
        if told[id_] != 1:
            kind = DOUBLED if told[id_] else LOST
            yield Finding("I4", kind, f"how a message ended was told {told[id_]} times", row["case_number"])


def _firings(evidence: Evidence) -> Counter[Any]:
    return Counter((r["number"], r["kind"], r["gen"], r["stage"]) for r in evidence.rows("sla.firings"))


def _turns(evidence: Evidence) -> Counter[Any]:
    turns = evidence.events("sla", "clock.warned", "clock.breached")
    return Counter((e.subject, e.data["kind"], e.data["gen"], e.type.removeprefix("clock.")) for e in turns)


def _same(evidence: Evidence, what: str, kept: Counter[Any], told: Counter[Any]) -> Iterator[Finding]:
    for key in kept.keys() | told.keys():
        if kept[key] != told[key]:
            kind = LOST if told[key] < kept[key] else DOUBLED
            yield Finding("I4", kind, f"{what} is kept {kept[key]} times and told {told[key]} times", str(key[0]))


def order_kept(evidence: Evidence) -> Iterator[Finding]:
    """I11: per subject, numbers rise in the log and at first hearing; the newest is seen; steps are legal."""
    yield from _first_hearing(evidence)
    yield from _log_order(evidence)
    yield from _seen_is_newest(evidence)


def _first_hearing(evidence: Evidence) -> Iterator[Finding]:
    newest: dict[tuple[str, str], tuple[int, int]] = {}
    known = set()
    for heard in evidence.heard:
        about = (heard.source, heard.subject)
        if heard not in known and heard.place < newest.get(about, (0, 0)):
            yield Finding("I11", REORDERED, "the subscriber heard an event first after a later one", heard.subject)
        known.add(heard)
        newest[about] = max(newest.get(about, (0, 0)), heard.place)


def _log_order(evidence: Evidence) -> Iterator[Finding]:
    last: dict[tuple[str, str], Entry] = {}
    for entry in evidence.log:
        before = last.get((entry.service, entry.subject))
        if before and entry.place <= before.place:
            yield Finding("I11", REORDERED, f"{entry.service} published an event after a later one", entry.subject)
        legal = LEGAL.get(entry.service)
        if legal and entry.type != "unit.changed" and entry.type not in legal.get(before and before.type, ()):
            after = before.type if before else "nothing"
            yield Finding("I11", REORDERED, f"{entry.type} came after {after}", entry.subject)
        last[entry.service, entry.subject] = entry


def _seen_is_newest(evidence: Evidence) -> Iterator[Finding]:
    """That nothing newer than the newest was seen; that all was seen is I1."""
    newest: dict[tuple[str, str], tuple[int, int]] = {}
    for entry in evidence.log:
        newest[entry.service, entry.subject] = max(newest.get((entry.service, entry.subject), (0, 0)), entry.place)
    by_hand = {each.subject for each in evidence.poison}
    for (consumer, producer, subject), place in evidence.books.seen.items():
        if place > newest.get((producer, subject), (0, 0)) and subject not in by_hand:
            yield Finding("I11", WRONG, f"{consumer} has seen an event {producer} never published", subject)


def one_assignment(evidence: Evidence) -> Iterator[Finding]:
    """I12: a case has at most one open assignment, and its row names the unit of it (counters apart)."""
    holder: dict[str, str] = {}
    for entry in evidence.log:
        if entry.service != "dispatch" or entry.type[:5] != "case.":
            continue
        number, unit = number_of(entry), entry.data["unit"]
        if entry.type == "case.dispatched" and number in holder:
            yield Finding("I12", DOUBLED, "a case was assigned while it was assigned", number)
        elif entry.type != "case.dispatched" and holder.get(number, unit) != unit:
            yield Finding("I12", WRONG, "a unit acted on a case assigned to another", number)
        if entry.type == "case.dispatched":
            holder[number] = unit
    for number, row in evidence.cases("dispatch").items():
        if row["unit"] != holder.get(number):
            yield Finding("I12", WRONG, "the row of a case names another unit than its assignment", number)
