"""The checker of the fault suite: a sound run breaks no invariant, and each defect breaks the one it should."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from referee.evidence import LetterFile
from referee.invariants import INVARIANTS, judge
from referee.invariants.checker import counts, table
from referee.invariants.clocks import lateness
from referee.invariants.evidence import (
    Answer,
    Entry,
    Evidence,
    Fault,
    Heard,
    Hit,
    Hostile,
    Poison,
    Repeat,
    Sample,
    Shift,
    Taken,
)
from referee.invariants.messages import _contradicts
from services import SERVICES
from tests.unit.chaos.sound import LETTER, MA, MB, A, B, at, changed, clock, mark, more, sound, with_books, without

Defect = Callable[[Evidence], Evidence]


def log_without(e: Evidence, service: str, type_: str, number: str) -> Evidence:
    gone = [x for x in e.log if (x.service, x.type, x.subject) == (service, type_, number)]
    return replace(e, log=tuple(x for x in e.log if x not in gone))


def log_with(e: Evidence, service: str, type_: str, number: str, when: float, data: Any = None) -> Evidence:
    """One more event at the end of its subject."""
    own = [x for x in e.log if (x.service, x.subject) == (service, number)]
    seq = max((x.seq for x in own), default=0) + 1
    entry = Entry(service, 999, at(when), type_, number, seq, 1, False, at(when), data or {"number": number})
    return replace(e, log=(*e.log, entry))


def log_changed(e: Evidence, service: str, type_: str, number: str, **values: Any) -> Evidence:
    return replace(
        e,
        log=tuple(
            x._replace(**values) if (x.service, x.type, x.subject) == (service, type_, number) else x for x in e.log
        ),
    )


def post_changed(e: Evidence, **values: Any) -> Evidence:
    return replace(e, posts=(e.posts[0]._replace(**values), *e.posts[1:]))


def with_aside(e: Evidence, **values: Any) -> Evidence:
    return more(e, "sla.aside", **values)


def sms_again(e: Evidence, **values: Any) -> Evidence:
    return replace(e, gateway=(*e.gateway, e.gateway[0]._replace(**values)))


def unheard(e: Evidence) -> Evidence:
    return replace(e, heard=tuple(x for x in e.heard if x.source != "dispatch"))


def fault(name: str, target: str, begin: float, end: float, number: str = "F1") -> tuple[Fault, Fault]:
    return (Fault(at(begin), number, name, target, "begin"), Fault(at(end), number, name, target, "end"))


def gateway_fault(e: Evidence, begin: float = -5.0) -> Evidence:
    return replace(e, faults=fault("gateway fails", "gateway", begin, 20, "F13"))


DEFECTS: dict[str, dict[str, Defect]] = {
    "I1": {
        "a case was lost": lambda e: without(e, "intake.cases", number=A),
        "the text of a case was changed": lambda e: changed(e, "intake.cases", {"number": A}, description="路灯"),
        "the place of a case was lost": lambda e: changed(e, "intake.cases", {"number": A}, place=""),
        "who wrote was lost": lambda e: changed(e, "intake.cases", {"number": A}, sealed=None),
        "the index of the telephone is missing": lambda e: changed(e, "intake.cases", {"number": A}, indexed=False),
        "the subscriber never heard a public event": unheard,
        "an event never reached a bound service": lambda e: replace(
            e, books=replace(e.books, seen={("sla", "intake", A): (1, 2)})
        ),
    },
    "I2": {
        "a case was made by nothing": lambda e: more(e, "intake.cases", number="XA20261124000009", description="路灯"),
        "a service tells of a case nobody wrote": lambda e: log_with(e, "sla", "case.marked", "X", 5, mark("red")),
        "a message tells of what never happened": lambda e: more(
            e, "notify.messages", id="m9", event="case.closed/7", state="skipped", sms=None
        ),
        "a letter is about no breach": lambda e: changed(e, "notify.letters", {}, gen=2),
        "a refused request made a case": lambda e: replace(e, hostile=(Hostile("路灯不亮", "NUL", 400),)),
        "a request was answered 2xx without a case": lambda e: replace(e, hostile=(Hostile("敌意三", "RTL", 201),)),
        "a refused letter made a case": lambda e: post_changed(
            replace(e, repeats=(Repeat("k1", True, 201, A),)), answers=(Answer(422), Answer(400))
        ),
        "the gateway took an SMS of no table": lambda e: sms_again(e, key="s-x", text="【新安街道办】您好"),
    },
    "I3": {
        "the same letter again got another number": lambda e: replace(e, repeats=(Repeat("k1", True, 201, B),)),
        "the same letter again was refused": lambda e: replace(e, repeats=(Repeat("k1", True, 409, None),)),
        "another letter under the key was taken in": lambda e: replace(e, repeats=(Repeat("k1", False, 201, A),)),
        "a key made two cases": lambda e: replace(
            e, books=replace(e.books, claims=(("k1", A), ("k2", B), ("k1", B)))
        ),
    },
    "I4": {
        "a turn of a clock was told but not kept": lambda e: without(e, "sla.firings", number=B, stage="warned"),
        "a turn of a clock was kept but not told": lambda e: more(e, "sla.firings", gen=2),
        "a step is missing in the work log": lambda e: without(e, "dispatch.work", case_number=A, seq=4),
        "how a message ended was told twice": lambda e: replace(
            e, log=(*e.log, log_with(e, "notify", "message.delivered", "m1", 9, {"case": A}).log[-1]._replace(seq=2))
        ),
        "how a message ended was never told": lambda e: log_without(e, "notify", "message.delivered", "m1"),
    },
    "I5": {
        "a key was delivered twice": lambda e: sms_again(e),
        "one text went out under two keys": lambda e: sms_again(
            more(e, "notify.sms", id="s-9", state="released"), key="s-9"
        ),
        "an SMS that counts as not taken was delivered": lambda e: sms_again(
            more(e, "notify.sms", id="s-9", state="released"), key="s-9", text="【新安街道办】编号X"
        ),
        "one recipient is told twice of one event": lambda e: more(e, "notify.messages", id="m9", state="skipped", sms=None),
    },
    "I6": {
        "a sent SMS is not in the gateway's ledger": lambda e: replace(e, gateway=e.gateway[1:]),
        "nobody was to be told": lambda e: log_without(
            replace(without(without(e, "notify.messages", id="m3"), "notify.sms", id="s-m3"), gateway=_not(e, "s-m3")),
            "notify", "message.delivered", "m3",
        ),
        "an SMS is claimed for ever": lambda e: more(e, "notify.sms", id="s-9", state="claimed"),
        "a failed SMS was taken": lambda e: sms_again(
            more(e, "notify.sms", id="s-9", state="failed"), key="s-9", text="【新安街道办】编号X"
        ),
    },
    "I7": {
        "a promise was sent after the close": lambda e: changed(
            e, "notify.sms", {"id": "s-m2"}, claimed_at=at(7.3 + 6)
        ),
        "a yellow was sent after the red": lambda e: changed(e, "notify.sms", {"id": "s-m6"}, claimed_at=at(63.3 + 6)),
        "a receipt was sent too late": lambda e: changed(e, "notify.messages", {"id": "m1"}, useful_until=at(1)),
        "a red was sent after its retraction": lambda e: changed(
            _retracted(e), "notify.sms", {"id": "s-m7"}, claimed_at=at(90)
        ),
    },
    "I8": {
        "a breach has no letter": lambda e: _no_letter(e),
        "the paper is gone": lambda e: replace(e, books=replace(e.books, files=(LetterFile("C07/1.pdf", "bb", True),))),
        "there are two papers": lambda e: replace(
            e, books=replace(e.books, files=(LetterFile("C07/1.pdf", "aa", True), LetterFile("C07/2.pdf", "aa", True)))
        ),
        "the numbers have a hole": lambda e: changed(e, "notify.letters", {}, number="宝新警示〔2026〕2号"),
        "a letter was issued and never told": lambda e: log_without(
            log_without(e, "notify", "letter.acknowledged", LETTER), "notify", "letter.issued", LETTER
        ),
    },
    "I9": {
        "a red came twice": lambda e: changed(
            log_with(e, "sla", "clock.breached", B, 64, clock("close", 3, 63)), "sla.cases", {"number": B}, version=12
        ),
        "red came before yellow": lambda e: replace(e, log=_yellow_forgotten(e)),
        "a red came early": lambda e: log_changed(e, "sla", "clock.breached", B, time=at(62.9)),
        "a yellow came early": lambda e: log_changed(e, "sla", "clock.warned", B, time=at(47.9)),
        "a red came late": lambda e: log_changed(e, "sla", "clock.breached", B, time=at(64.2), published_at=at(64.3)),
        "a red came late long after a fault": lambda e: replace(
            log_changed(e, "sla", "clock.breached", B, time=at(90), published_at=at(90.1)),
            faults=fault("broker disk full", "sla-worker", 40, 60, "F7"),
        ),
        "a clock ran out and nothing came": lambda e: more(
            e, "sla.clocks", number=B, status="warned", due=at(10), met_at=None
        ),
    },
    "I10": {
        "a breach stands that was kept in time": lambda e: changed(
            e, "sla.clocks", {"number": A, "kind": "close"}, breached_at=at(63)
        ),
        "a clock of a closed case runs": lambda e: changed(
            e, "sla.clocks", {"number": A, "kind": "contact"}, status="muted"
        ),
        "a letter about a retracted breach waits": lambda e: changed(
            log_without(_retracted(e), "notify", "letter.voided", LETTER),
            "notify.letters", {}, state="proposed", voided_at=None, cause=None,
        ),
    },
    "I11": {
        "the subscriber heard an earlier event first after a later one": lambda e: replace(
            e, heard=(Heard("intake", A, (1, 3)), *e.heard)
        ),
        "events left the outbox in another order": lambda e: replace(e, log=_swapped(e, "case.submitted", "case.accepted")),
        "a service has seen what was never published": lambda e: replace(
            e, books=replace(e.books, seen={("sla", "intake", A): (1, 2), ("sla", "intake", B): (1, 3)})
        ),
    },
    "I12": {
        "a case was assigned twice": lambda e: _step_more(e, "case.dispatched"),
        "the row names another unit": lambda e: _everywhere(e, unit="C08"),
    },
    "I13": {
        "dispatch is wrong about the time of arrival": lambda e: changed(
            e, "dispatch.cases", {"number": A}, submitted_at=at(2)
        ),
        "dispatch is wrong about acceptance": lambda e: changed(e, "intake.cases", {"number": B}, state="submitted"),
        "intake shows an old state": lambda e: _progress(e, state="acknowledged"),
        "intake shows another promise": lambda e: changed(
            e, "intake.cases", {"number": A}, promise={"gen": 1, "due": at(62).isoformat()}
        ),
        "sla has an old state": lambda e: changed(e, "sla.cases", {"number": A}, state="handling"),
        "sla has another unit": lambda e: changed(e, "sla.cases", {"number": A}, unit="C08"),
        "sla has another mark than it published": lambda e: changed(e, "sla.cases", {"number": A}, mark="none"),
        "notify does not know of a close": lambda e: changed(
            e, "notify.cases", {"number": A}, dispatch={"closings": []}
        ),
        "notify does not know that a case is restricted": lambda e: _restricted(e),
        "a row counts fewer events than were published": lambda e: changed(e, "sla.cases", {"number": A}, version=8),
    },
    "I14": {
        "an event waits in an outbox": lambda e: replace(
            e, books=replace(e.books, waiting={**dict.fromkeys(SERVICES, 0), "sla": 1})
        ),
        "a queue is not empty": lambda e: replace(
            e, samples=(*e.samples, Sample("after", "queue sub.traffic", "messages", 2))
        ),
        "the poison is gone": lambda e: without(e, "sla.aside"),
        "the poison is there twice": lambda e: with_aside(e),
        "the poison is not parked": lambda e: changed(e, "sla.aside", {}, parked=False),
        "attempts are still counted": lambda e: replace(e, tables={**e.tables, "sla.attempt": ({"event_id": "x"},)}),
        "an event is held": lambda e: replace(e, tables={**e.tables, "sla.held": ({"subject": A},)}),
        "a relay stands still": lambda e: replace(e, tables={**e.tables, "sla.halt": ({"queue": "notify.inbox"},)}),
    },
    "I15": {
        "memory grew": lambda e: replace(
            e, samples=(*e.samples, Sample("after", "process sla-worker", "rss_kb", 160_000))
        ),
        "connections grew": lambda e: replace(
            e,
            samples=tuple(
                Sample(when, "database sla", "connections", n) for when, n in (("before", 10), ("after", 40))
            ),
        ),
    },
    "I16": {
        "a letter waited for the gateway": lambda e: gateway_fault(post_changed(e, at=at(-3))),
    },
    "I18": {
        "a service was away for too long": lambda e: replace(e, hits=(Hit(at(-8), "relay.claimed", "kill", "sla-worker"),)),
        "a database was away for too long": lambda e: replace(
            e, faults=fault("postgres killed", "postgres-sla", -28, -27, "F2")
        ),
        "no letter came through any more": lambda e: _never_through(e),
    },
    "I19": {
        "a telephone is in a log": lambda e: replace(e, written={"logs/a.log": (f"tried 86{MA}",)}),
        "a name is in an event": lambda e: replace(e, written={"sla's event_log": ('{"text":"欧阳喆堃来信"}',)}),
        "a name is escaped in metrics": lambda e: replace(
            e, written={"metrics/a.txt": ("司马镕祎".encode("unicode_escape").decode(),)}
        ),
    },
}  # fmt: skip


def _not(e: Evidence, key: str) -> tuple[Taken, ...]:
    return tuple(taken for taken in e.gateway if taken.key != key)


def _no_letter(e: Evidence) -> Evidence:
    log = tuple(x for x in e.log if x.subject != LETTER)
    return replace(without(e, "notify.letters"), log=log, books=replace(e.books, files=()))


def _retracted(e: Evidence) -> Evidence:
    """B's red turned out to be wrong: the letter was voided at 75 s, and everybody knows."""
    e = log_with(e, "sla", "clock.retracted", B, 74, clock("close", 3, 60))
    e = changed(e, "sla.cases", {"number": B}, version=12)
    e = changed(e, "sla.clocks", {"number": B, "kind": "close"}, retracted=True)
    breach = {"kind": "close", "gen": 1, "retracted_seq": 12}
    notify = e.cases("notify")[B]["sla"] | {"breaches": [breach]}
    e = changed(e, "notify.cases", {"number": B}, sla=notify)
    e = changed(e, "notify.letters", {}, state="voided", number=None, sha256=None, voided_at=at(75), cause="retracted")
    gone = ("letter.issued", "letter.acknowledged")
    e = replace(e, log=tuple(x for x in e.log if x.type not in gone))
    e = log_with(e, "notify", "letter.voided", LETTER, 75, {"case": B})
    return replace(e, books=replace(e.books, files=()))


def _swapped(e: Evidence, one: str, other: str) -> tuple[Entry, ...]:
    log = list(e.log)
    i = next(i for i, x in enumerate(log) if (x.type, x.subject) == (one, A))
    j = next(j for j, x in enumerate(log) if (x.type, x.subject) == (other, A))
    log[i], log[j] = log[j], log[i]
    return tuple(log)


def _yellow_forgotten(e: Evidence) -> tuple[Entry, ...]:
    return tuple(x._replace(type="clock.met") if x.type == "clock.warned" else x for x in e.log)


def _jumped(e: Evidence) -> Evidence:
    """At 40 s sla's clock leaps an hour ahead: yellow and red are due at that moment, and come at once."""
    for type_ in ("clock.warned", "clock.breached"):
        e = log_changed(e, "sla", type_, B, time=at(3640.5), published_at=at(40.7))
    return replace(e, shifts=(Shift(at(40), "sla", 3600.0),))


def _step_more(e: Evidence, type_: str) -> Evidence:
    """One more step of B, kept everywhere as if it were right."""
    data = e.of("dispatch", B)[-1].data
    e = log_with(e, "dispatch", type_, B, 9, data)
    e = changed(e, "dispatch.cases", {"number": B}, version=5)
    return more(e, "dispatch.work", case_number=B, seq=5, type=type_)


def _everywhere(e: Evidence, **values: Any) -> Evidence:
    e = changed(changed(e, "dispatch.cases", {"number": B}, **values), "sla.cases", {"number": B}, **values)
    handling = e.cases("intake")[B]["handling"] | values
    return changed(e, "intake.cases", {"number": B}, handling=handling)


def _progress(e: Evidence, **values: Any) -> Evidence:
    return changed(e, "intake.cases", {"number": B}, handling=e.cases("intake")[B]["handling"] | values)


def _restricted(e: Evidence) -> Evidence:
    e = changed(e, "dispatch.cases", {"number": A}, restricted=True)
    return changed(e, "sla.cases", {"number": A}, restricted=True)


def _never_through(e: Evidence) -> Evidence:
    """The kill is followed by a letter nobody answered, minutes later."""
    late = e.posts[0]._replace(key="k9", at=at(200), answers=())
    return replace(e, posts=(*e.posts, late), hits=(Hit(at(1), "relay.claimed", "kill", "sla-worker"),))


def violated(evidence: Evidence) -> set[str]:
    return {finding.invariant for finding in judge(with_books(evidence))}


# Defects that break what another invariant says as well.
TOO: dict[str, set[str]] = {
    "a case was lost": {"I2"},
    "a case was made by nothing": {"I1", "I13"},
    "a service tells of a case nobody wrote": {"I6"},
    "a letter is about no breach": {"I8"},
    "how a message ended was told twice": {"I11"},
    "a case was assigned twice": {"I11"},
    "a red came twice": {"I4"},
    "red came before yellow": {"I4", "I10"},
}


def test_a_sound_run_breaks_nothing() -> None:
    assert judge(sound()) == []


def test_every_invariant_is_broken_on_purpose() -> None:
    assert DEFECTS.keys() == INVARIANTS.keys()


@pytest.mark.parametrize(("invariant", "defect"), [(name, defect) for name in DEFECTS for defect in DEFECTS[name]])
def test_a_defect_breaks_its_invariant_and_no_other(invariant: str, defect: str) -> None:
    assert violated(DEFECTS[invariant][defect](sound())) == {invariant} | TOO.get(defect, set())


ALLOWED: dict[str, Defect] = {
    "a letter whose outcome is unknown may have made a case": lambda e: replace(
        e, posts=(e.posts[0]._replace(answers=(Answer(None),)), *e.posts[1:])
    ),
    "a request whose outcome is unknown may have made nothing": lambda e: replace(e, hostile=(Hostile("?", "slow", None),)),
    "a repeat may be limited or unanswered": lambda e: replace(
        e, repeats=(Repeat("k1", True, 429, None), Repeat("k1", False, None, None))
    ),
    "a key is forgotten after 48 hours": lambda e: replace(
        e, repeats=(Repeat("k1", True, 201, B),), shifts=(Shift(at(110), "intake", 49 * 3600.0),)
    ),
    "a deadline may be passed by another service's clock": lambda e: log_changed(
        log_changed(e, "dispatch", "case.contacted", B, data=e.of("dispatch", B)[-1].data | {"replied_at": at(500).isoformat()}),
        "sla", "clock.breached", B, time=at(62),
    ),
    "an alert may be late by a fault and its recovery": lambda e: replace(
        log_changed(e, "sla", "clock.breached", B, time=at(100), published_at=at(100.1)),
        faults=fault("broker disk full", "broker", 40, 66, "F7"),
    ),
    "an alert the clock jumped over is not late": lambda e: _jumped(e),
    "a kill another fault prolonged is excused": lambda e: replace(
        e,
        hits=(Hit(at(-30), "relay.claimed", "kill", "sla-worker"),),
        faults=fault("partition", "sla-postgres", -31, 0, "F10"),
    ),
    "a second kill in the middle begins anew": lambda e: replace(
        e, hits=tuple(Hit(at(when), "relay.claimed", "kill", "sla-worker") for when in (-8, -4))
    ),
    "a killed process that is back in time is well": lambda e: replace(
        e, hits=(Hit(at(-5), "relay.claimed", "kill", "sla-worker"),)
    ),
    "poison may make subjects of its own": lambda e: replace(
        log_with(e, "sla", "clock.started", "P1", 5, clock("accept", 1, 1)),
        poison=(*e.poison, Poison("sla", "p2", "P1", "unknown_field", False)),
    ),
    "a probe on its way is no event": lambda e: replace(
        e, samples=(*e.samples, Sample("after", "queue notify.inbox", "messages", 1))
    ),
    "unreadable poison may be put aside again": lambda e: with_aside(
        changed(e, "sla.aside", {}, source="undecodable"), source="undecodable"
    ),
    "a letter in the middle of gateway trouble is not delayed": lambda e: gateway_fault(e),
    "a retracted breach had its letter voided": lambda e: _retracted(e),
    "a breach whose grace still runs has no letter yet": lambda e: replace(
        _no_letter(e), log=tuple(x._replace(data=x.data | {"letter_after": 600}) if x.type == "clock.breached" else x for x in _no_letter(e).log)
    ),
    "an officer's telephone is no secret": lambda e: replace(e, written={"logs/a.log": ("13800000001",)}),
    "a name in somebody else's letter is that letter's text": lambda e: replace(
        e, posts=(e.posts[0], e.posts[1]._replace(body=e.posts[1].body | {"name": "路灯"})), written={"x": ("路灯",)}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ALLOWED)
def test_what_a_fault_may_do_breaks_nothing(name: str) -> None:
    assert judge(with_books(ALLOWED[name](sound()))) == []


def test_the_counts_name_what_a_run_is_asked_for() -> None:
    doubled = with_books(sms_again(sound()))
    results = counts(doubled, judge(doubled))
    assert (results["doubled_sms"], results["lost"], results["cases"], results["sms"]) == (1, 0, 2, 9)
    assert results["violations"] == {"I5": 1}
    assert results["recovery_seconds"] == {"service": None, "postgres": None, "broker": None}


def test_lateness_counts_by_the_clock_on_the_wall() -> None:
    assert [by.total_seconds() for by, _, _ in lateness(_jumped(sound()), [])] == [0.5, 0.5]
    assert [round(by.total_seconds(), 3) for by, _, _ in lateness(sound(), [])] == [0.1, 0.1]


def test_a_deadline_the_clock_went_back_before_is_not_due_any_more() -> None:
    leaps = (Shift(at(10), "sla", 3600.0), Shift(at(11), "sla", 0.0))
    assert [round(by.total_seconds(), 3) for by, _, _ in lateness(replace(sound(), shifts=leaps), [])] == [0.1, 0.1]


def test_recovery_is_told_of_kills_that_nothing_else_disturbed() -> None:
    alone = fault("broker killed", "broker", -6, -3)
    beside = fault("postgres killed", "postgres-sla", -9, -1, "F2")
    recovered = counts(replace(sound(), faults=alone), [])["recovery_seconds"]
    assert recovered == {"service": None, "postgres": None, "broker": 9.2}
    recovered = counts(replace(sound(), faults=(*alone, *beside)), [])["recovery_seconds"]
    assert recovered == {"service": None, "postgres": None, "broker": None}


def test_the_table_names_every_invariant_and_quotes_the_first_findings() -> None:
    findings = judge(with_books(sms_again(sound())))
    lines = table(findings)
    assert len(lines) == len(INVARIANTS) + 1
    assert "no sms twice" in lines[4] and lines[5].strip().startswith("doubled:")


def test_no_finding_quotes_a_telephone_or_a_name() -> None:
    evidence = replace(sms_again(sound()), written={"log": (f"{MA} {MB} 欧阳喆堃",)})
    told = str(judge(with_books(evidence)))
    assert not [secret for secret in (MA, MB, "欧阳喆堃", "司马镕祎") if secret in told]


ROUNDS = tuple(
    {"template": template, "seq": seq, "recipient": "C07/head" if template == "red" else "resident"}
    for template, seq in (
        *(("promised", 4), ("red", 6), ("closed", 6), ("reopened", 9), ("red", 12), ("closed", 9)),
        ("withdrawn", 11),
    )
)


@pytest.mark.parametrize(
    ("other", "row", "contradicted"),
    [
        (2, 0, True),  # the first closing, and the first round's promise
        (2, 1, True),
        (2, 3, False),  # the second round's promise is not ended by the first closing
        (2, 4, False),
        (5, 3, True),
        (5, 4, True),
        (3, 2, True),  # reopened: the first closing is true no more
        (3, 5, False),
        (6, 0, True),
        (6, 5, True),
        (6, 4, False),  # when a unit's clock was stopped no message tells
        (6, 6, False),
    ],
)
def test_each_round_has_its_own_promise_and_ending(other: int, row: int, contradicted: bool) -> None:
    assert _contradicts(ROUNDS[other], ROUNDS[row], list(ROUNDS)) is contradicted


def test_a_clock_may_be_stopped_once_and_fires_no_more() -> None:
    e = log_with(sound(), "sla", "clock.changed", B, 80, clock("close", 3, 80) | {"status": "stopped"})
    e = changed(e, "sla.cases", {"number": B}, version=12)
    e = changed(e, "notify.cases", {"number": B}, stops=[{"seq": 12}])
    assert judge(with_books(e)) == []
    e = log_with(e, "sla", "clock.breached", B, 90, clock("close", 3, 63))
    assert "I10" in violated(e)


def test_a_promise_of_a_second_round_needs_its_reopening() -> None:
    e = log_with(sound(), "sla", "clock.started", B, 80, clock("close", 3, 80) | {"gen": 2})
    assert "I4" in violated(e)
