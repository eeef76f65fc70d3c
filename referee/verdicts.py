"""From the evidence to findings: what was lost, what was done twice. Pure: a test breaks each on purpose."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from referee.evidence import Evidence, Logged

LOST, DOUBLED = "lost", "doubled"
MAILBOX, CENTRE = "mailbox", "CENTRE"  # before a case is dispatched, the centre answers for it
NUMBER = re.compile(r"(?P<series>.+〔\d{4}〕)(?P<serial>[1-9]\d*)号")
ON_PAPER = ("issued", "acknowledged")
CARRIED, SETTLED = ("sent",), ("skipped", "held", "failed")
TOLD_BY_MARK = {"yellow": ("duty",), "red": ("head", "leader")}


class Finding(NamedTuple):
    """One thing that is wrong: `kind` is lost or doubled; `about` names a case, a key or a file."""

    kind: str
    what: str
    about: str


def judge(evidence: Evidence) -> list[Finding]:
    """Every finding; an empty list is the only good answer."""
    return [finding for question in QUESTIONS for finding in question(evidence)]


def letters_taken_in(evidence: Evidence) -> Iterator[Finding]:
    """Every acknowledged POST has one case, with its text; no key has two, and no case is without a key."""
    for post in evidence.posts:
        for number in post.numbers:
            if number not in evidence.cases:
                yield Finding(LOST, "an acknowledged letter has no case in intake", number)
            elif plain(evidence.cases[number][0]) != plain(post.text):
                yield Finding(LOST, "a case does not hold the text that was posted", number)
    cases_of: defaultdict[str, set[str]] = defaultdict(set)
    for post in evidence.posts:
        cases_of[post.key] |= post.numbers
    for key, number in evidence.claims:
        cases_of[key].add(number)
    for key, numbers in cases_of.items():
        if len(numbers) > 1:
            yield Finding(DOUBLED, f"one idempotency key made {len(numbers)} cases", key)
    claimed = {number for numbers in cases_of.values() for number in numbers}
    for number, (_, submitted_at, channel) in evidence.cases.items():
        if channel == MAILBOX and submitted_at >= evidence.opened_at and number not in claimed:
            yield Finding(DOUBLED, "a letter's case belongs to no idempotency key", number)


def cases_passed_on(evidence: Evidence) -> Iterator[Finding]:
    """Every case of intake is known to the three others."""
    for service in ("dispatch", "sla", "notify"):
        for number in sorted(evidence.cases.keys() - evidence.holdings.get(service, frozenset())):
            yield Finding(LOST, f"a case never reached {service}", number)


def events_published(evidence: Evidence) -> Iterator[Finding]:
    """Outboxes are empty; the events of a subject are numbered 1, 2, 3 … without a hole or a repeat."""
    for service, count in evidence.waiting.items():
        if count:
            yield Finding(LOST, f"{count} events still wait in the outbox", service)
    numbered = defaultdict(list)
    for event in evidence.log:
        numbered[event.service, event.subject, event.epoch].append(event.seq)
    for (service, subject, epoch), seqs in numbered.items():
        if len(set(seqs)) < len(seqs):
            yield Finding(DOUBLED, f"{service} published one event number twice", subject)
        if epoch == 1 and max(seqs) > len(set(seqs)):
            yield Finding(LOST, f"{service} published {len(set(seqs))} of {max(seqs)} events", subject)


def events_received(evidence: Evidence) -> Iterator[Finding]:
    """Every published event reached every service bound to it, and none was put aside."""
    for service, source, subject in evidence.aside:
        yield Finding(LOST, f"{service} put events of {source} aside", subject)
    for consumer, bindings in evidence.bindings.items():
        newest: dict[tuple[str, str], tuple[int, int]] = {}
        for event in evidence.log:
            if (event.service, _routing_key(event)) in bindings:
                about = (event.service, event.subject)
                newest[about] = max(newest.get(about, (0, 0)), (event.epoch, event.seq))
        for (producer, subject), place in newest.items():
            if evidence.seen.get((consumer, producer, subject), (0, 0)) < place:
                yield Finding(LOST, f"an event of {producer} never reached {consumer}", subject)


def clocks_fired(evidence: Evidence) -> Iterator[Finding]:
    """Yellow and red came at most once for a (case, clock, gen)."""
    for type_ in ("clock.started", "clock.warned", "clock.breached"):
        fired = Counter((e.subject, e.data["kind"], e.data["gen"]) for e in evidence.log if e.type == type_)
        for (subject, kind, _), times in fired.items():
            if times > 1:
                yield Finding(DOUBLED, f"{type_} of {kind} came {times} times", subject)


def messages_carried(evidence: Evidence) -> Iterator[Finding]:
    """No SMS twice, no message in two; what was sent is in the gateway's ledger, and what is due was settled."""
    for key, times in Counter(sms.key for sms in evidence.sms).items():
        if times > 1:
            yield Finding(DOUBLED, f"the gateway took one SMS {times} times", key)
    carried = Counter(carried for sms in evidence.sms for carried in sms.messages)
    for id_, times in carried.items():
        if times > 1:
            yield Finding(DOUBLED, f"one message was carried {times} times", id_)
    for message in evidence.messages:
        about = f"{message.case} {message.event} {message.recipient}"
        if message.state in CARRIED and not carried[message.id]:
            yield Finding(LOST, "a message counts as sent, but no SMS carried it", about)
        elif message.state not in (*CARRIED, *SETTLED):
            yield Finding(LOST, f"a message is still {message.state}", about)
        elif message.state == "skipped" and carried[message.id]:
            yield Finding(DOUBLED, "a message counts as skipped, but an SMS carried it", about)
    for stray in carried.keys() - {message.id for message in evidence.messages}:
        yield Finding(DOUBLED, "an SMS carried a message that is in no table", stray)


def messages_planned(evidence: Evidence) -> Iterator[Finding]:
    """Every event that people must be told of has its message row: one for each (case, event, recipient)."""
    planned = Counter((message.case, message.event, message.recipient) for message in evidence.messages)
    for (case, event, recipient), times in planned.items():
        if times > 1:
            yield Finding(DOUBLED, f"{event} is told to {recipient} in {times} messages", case)
    for case, event, recipient in _due_messages(evidence):
        if (case, event, recipient) not in planned:
            yield Finding(LOST, f"nobody was to tell {recipient} of {event}", case)


def letters_written(evidence: Evidence) -> Iterator[Finding]:
    """One letter for each non-silent breach of kind close, none without; one paper for each letter that was signed."""
    breached = [event for event in evidence.log if event.type == "clock.breached" and event.data["kind"] == "close"]
    kept = {_clock(event) for event in breached if not event.data["silent"]}
    retracted = {_clock(event) for event in evidence.log if event.type == "clock.retracted"}
    rows = Counter((letter.case, letter.kind, letter.gen) for letter in evidence.letters)
    for breach in kept - retracted - rows.keys():
        yield Finding(LOST, "a breach has no letter", breach[0])
    for breach, times in rows.items():
        if breach not in kept or times > 1:
            yield Finding(DOUBLED, f"{times} letters for {int(breach in kept)} breaches", breach[0])
    yield from _papers(evidence)
    yield from _numbers(evidence)


def _papers(evidence: Evidence) -> Iterator[Finding]:
    papers = Counter(file.sha256 for file in evidence.files if file.is_pdf)
    expected = {letter.sha256: letter for letter in evidence.letters if letter.state in ON_PAPER}
    for sha256, letter in expected.items():
        if not papers[sha256 or ""]:
            yield Finding(LOST, f"the paper of letter {letter.number} is missing or was changed", letter.case)
    for file in evidence.files:
        if file.sha256 not in expected:
            yield Finding(DOUBLED, "a paper belongs to no letter", file.name)
        elif papers[file.sha256] > 1:
            yield Finding(DOUBLED, f"one paper lies there {papers[file.sha256]} times", file.name)
    for letter in evidence.letters:
        if letter.state == "signed":
            yield Finding(LOST, f"letter {letter.number} was signed and never delivered", letter.case)


def _numbers(evidence: Evidence) -> Iterator[Finding]:
    series: dict[str, list[int]] = defaultdict(list)
    for letter in evidence.letters:
        if letter.number:
            match = NUMBER.fullmatch(letter.number)
            if match is None:
                yield Finding(LOST, f"{letter.number} is not a letter number", letter.case)
            else:
                series[match["series"]].append(int(match["serial"]))
    for name, serials in series.items():
        if len(set(serials)) < len(serials):
            yield Finding(DOUBLED, "a letter number was given twice", name)
        if max(serials) > len(set(serials)):
            yield Finding(LOST, "the letter numbers have a hole", name)


QUESTIONS: tuple[Callable[[Evidence], Iterator[Finding]], ...] = (
    letters_taken_in,
    cases_passed_on,
    events_published,
    events_received,
    clocks_fired,
    messages_carried,
    messages_planned,
    letters_written,
)


def plain(text: str) -> str:
    """Text without blanks and control characters: intake tidies those, and nothing else."""
    return "".join(character for character in text if character.isprintable() and not character.isspace())


def _routing_key(event: Logged) -> str:
    return f"restricted.{event.type}" if event.restricted else event.type


def _clock(event: Logged) -> tuple[str, str, int]:
    return (event.subject, event.data["kind"], event.data["gen"])


def _due_messages(evidence: Evidence) -> Iterator[tuple[str, str, str]]:
    """What the events say must be told: (case, event/number, recipient). An anonymous resident can't be told."""
    submitted = {e.subject: e for e in evidence.log if e.type == "case.submitted"}
    for event in evidence.log:
        letter = submitted.get(event.subject)
        reachable = letter is not None and letter.data["identity"] != "anonymous"
        about = f"{event.type}/{event.seq}"
        if letter is not None and reachable and _concerns_resident(event, letter):
            yield event.subject, about, "resident"
        if event.type == "case.marked" and not event.data["silent"]:
            for post in TOLD_BY_MARK.get(event.data["mark"], ()):
                yield event.subject, about, f"{event.data['unit'] or CENTRE}/{post}"


def _concerns_resident(event: Logged, letter: Logged) -> bool:
    """Receipt, promise of each round, closure and withdrawal; of an import nothing that was before it."""
    imported = letter.data.get("imported") is not None
    if event.type == "case.submitted":
        return not imported
    if event.type == "clock.started" and event.data["kind"] == "close":
        return not imported or datetime.fromisoformat(event.data["started_at"]) > letter.time
    return event.type in ("case.closed", "case.withdrawn")
