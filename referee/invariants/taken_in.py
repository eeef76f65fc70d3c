"""What comes in: nothing lost, nothing invented, one case for one key."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chassis.web.idempotency import KEPT
from referee import verdicts as demo
from referee.evidence import Evidence as Books
from referee.invariants.evidence import Entry, Evidence, Row, number_of
from referee.invariants.findings import DOUBLED, LOST, WRONG, Finding, taken_over
from referee.invariants.real_time import shift_at

DEFAULTS = {"identity": "named", "channel": "mailbox", "community": None, "place": ""}
TOLD_BY = {
    "case.submitted": ("intake",),
    "clock.started": ("sla",),
    "case.marked": ("sla",),
    "case.closed": ("dispatch",),
    "case.withdrawn": ("intake", "dispatch"),
}


def nothing_lost(evidence: Evidence) -> Iterator[Finding]:
    """I1: what was answered 2xx is there with every field and a first event; every event reached every queue."""
    books = replace(evidence.books, waiting={})  # a full outbox is I14's matter
    yield from taken_over("I1", demo.letters_taken_in(_with_keys(books)), LOST)
    for question in (demo.cases_passed_on, demo.events_published, demo.events_received):
        yield from taken_over("I1", question(books), LOST)
    cases = evidence.cases("intake")
    for post in evidence.posts:
        for number in post.numbers & cases.keys():
            yield from _fields_kept(post.body, cases[number])
            if not any(e.type == "case.submitted" and e.seq == 1 for e in evidence.of("intake", number)):
                yield Finding("I1", LOST, "a case has no first event", number)
    yield from _unheard(evidence)


def _fields_kept(body: Row, row: Row) -> Iterator[Finding]:
    posted = DEFAULTS | {name: value for name, value in body.items() if value not in (None, "")}
    for name in ("kind", "description", "place", "community", "identity", "channel"):
        if _plain(posted[name]) != _plain(row[name]):
            yield Finding("I1", LOST, f"a case does not hold the {name} that was posted", row["number"])
    if not row["sealed"]:
        yield Finding("I1", LOST, "who wrote the letter is nowhere", row["number"])
    if posted.get("mobile") and posted["identity"] != "anonymous" and not row["indexed"]:
        yield Finding("I1", LOST, "a letter cannot be found by its telephone", row["number"])


def _plain(value: Any) -> Any:
    return demo.plain(value) if isinstance(value, str) else value


def _unheard(evidence: Evidence) -> Iterator[Finding]:
    heard = {(each.source, each.subject, each.place) for each in evidence.heard}
    for entry in evidence.log:
        public = not entry.restricted and (entry.service, entry.type) in evidence.heard_by
        if public and (entry.service, entry.subject, entry.place) not in heard:
            yield Finding("I1", LOST, f"the outside subscriber never heard a {entry.type}", entry.subject)


def _with_keys(books: Books) -> Books:
    """The cases whose key is known; whether the others have a cause is I2's question."""
    claimed = {number for _, number in books.claims} | {number for post in books.posts for number in post.numbers}
    return replace(books, cases={number: case for number, case in books.cases.items() if number in claimed})


def nothing_invented(evidence: Evidence) -> Iterator[Finding]:
    """I2: every case, event, message, SMS and letter has its cause; what was refused left nothing."""
    yield from _cases_without_cause(evidence)
    yield from _refused_and_there(evidence)
    yield from _events_without_cause(evidence)
    yield from _messages_without_cause(evidence)
    yield from _letters_without_cause(evidence)


def _cases_without_cause(evidence: Evidence) -> Iterator[Finding]:
    keys = {post.key for post in evidence.posts}
    answered = {number for post in evidence.posts for number in post.numbers}
    answered |= {repeat.number for repeat in evidence.repeats if repeat.number}
    answered |= {number for key, number in evidence.books.claims if key in keys}
    unanswered = {
        demo.plain(p.body["description"]) for p in evidence.posts if not p.numbers and not _refused(p.answers)
    }
    markers = [each.marker for each in evidence.hostile if not _is_refusal(each.status)]
    for number, row in evidence.cases("intake").items():
        if row["imported"] or row["submitted_at"] < evidence.books.opened_at or number in answered:
            continue
        if demo.plain(row["description"]) not in unanswered and not any(m in row["description"] for m in markers):
            yield Finding("I2", WRONG, "a case was made by nothing that was posted", number)


def _refused_and_there(evidence: Evidence) -> Iterator[Finding]:
    made = dict(evidence.books.claims)
    for post in evidence.posts:
        if _refused(post.answers) and post.key in made:
            yield Finding("I2", WRONG, "a refused letter made a case", made[post.key])
    refused = [each.marker for each in evidence.hostile if _is_refusal(each.status)]
    for number, row in evidence.cases("intake").items():
        if any(marker in row["description"] or marker in row["place"] for marker in refused):
            yield Finding("I2", WRONG, "a refused request made a case", number)
    for each in evidence.hostile:
        taken = each.status is not None and 200 <= each.status < 300
        if taken and not any(each.marker in row["description"] for row in evidence.cases("intake").values()):
            yield Finding("I2", LOST, "a request was answered 2xx and left no case", each.marker)


def _refused(answers: tuple[Any, ...]) -> bool:
    return bool(answers) and all(_is_refusal(answer.status) for answer in answers)


def _is_refusal(status: int | None) -> bool:
    return status is not None and 400 <= status < 500 and status != 429


def _events_without_cause(evidence: Evidence) -> Iterator[Finding]:
    cases = evidence.cases("intake").keys() | evidence.strangers
    for entry in evidence.log:
        if entry.service != "intake" and entry.type != "unit.changed" and number_of(entry) not in cases:
            yield Finding("I2", WRONG, f"{entry.service} tells {entry.type} of a case that nobody wrote", entry.subject)


def _messages_without_cause(evidence: Evidence) -> Iterator[Finding]:
    letters = {(row["id"]) for row in evidence.rows("notify.letters")}
    for row in evidence.rows("notify.messages"):
        type_, _, seq = row["event"].partition("/")
        told = _told(evidence, type_, row["case_number"], int(seq)) or row["params"].get("letter") in letters
        if not told and row["case_number"] not in evidence.strangers:
            yield Finding("I2", WRONG, f"a message tells of {row['event']}, which never happened", row["case_number"])
    sms = {row["id"] for row in evidence.rows("notify.sms")}
    for key in dict.fromkeys(taken.key for taken in evidence.gateway if taken.key not in sms):
        yield Finding("I2", WRONG, "the gateway took an SMS that is in no table", key)


def _told(evidence: Evidence, type_: str, number: str, seq: int) -> list[Entry]:
    told = [entry for service in TOLD_BY.get(type_, ()) for entry in evidence.of(service, number)]
    return [entry for entry in told if (entry.type, entry.seq) == (type_, seq)]


def _letters_without_cause(evidence: Evidence) -> Iterator[Finding]:
    breached = {(e.subject, e.data["kind"], e.data["gen"]) for e in evidence.events("sla", "clock.breached")}
    for row in evidence.rows("notify.letters"):
        if (row["case_number"], row["kind"], row["gen"]) not in breached:
            yield Finding("I2", WRONG, "a letter is about a breach that never happened", row["case_number"])


def one_case_for_a_key(evidence: Evidence) -> Iterator[Finding]:
    """I3: the same key and body get the same number; the same key with another body is refused."""
    yield from taken_over("I3", demo.letters_taken_in(_with_keys(evidence.books)), DOUBLED)
    posts = {post.key: post for post in evidence.posts}
    for repeat in evidence.repeats:
        post = posts.get(repeat.key)
        if post is None or not post.numbers or repeat.status in (None, 429) or repeat.status >= 500:
            continue
        if _is_forgotten(evidence, post):
            continue
        is_right = repeat.number in post.numbers if repeat.same else repeat.status in (409, 422)
        if not is_right:
            what = "the same letter again" if repeat.same else "another letter"
            yield Finding("I3", DOUBLED, f"{what} under a known key was answered {repeat.status}", repeat.key)


def _is_forgotten(evidence: Evidence, post: Any) -> bool:
    """Whether the key's 48 hours passed by intake's clock, which the run may have moved."""
    latest = max((shift.seconds for shift in evidence.shifts if shift.service == "intake"), default=0.0)
    return timedelta(seconds=latest) - shift_at(evidence.shifts, "intake", post.at) > KEPT
