"""The accountant's judgement: a sound run has no finding, and every way of breaking it has one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from referee.evidence import Evidence, Letter, LetterFile, Logged, Message, Post, Sms
from referee.verdicts import judge

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
A, B = "XA20261124000001", "XA20261124000002"
CLOSE: dict[str, Any] = {"kind": "close", "gen": 1, "silent": False, "started_at": NOW.isoformat()}
SUBMITTED: dict[str, Any] = {"identity": "named", "imported": None}


def event(service: str, type_: str, seq: int, data: dict[str, Any] | None = None, subject: str = A) -> Logged:
    return Logged(service, type_, subject, seq, 1, False, NOW, data or {})


def sound() -> Evidence:
    """Case A was answered in time; B, imported, was left alone and got its letter."""
    red = {"mark": "red", "silent": False, "unit": "C07"}
    imported = SUBMITTED | {"imported": {"unit": "C07"}}
    old = CLOSE | {"started_at": (NOW - timedelta(days=1)).isoformat()}
    return Evidence(
        opened_at=NOW,
        posts=(Post("k1", "路灯 不亮\n请修", frozenset({A})),),
        sms=(Sms("s1", ("m1",)), Sms("s2", ("m2", "m3")), Sms("s3", ("m4", "m5"))),
        files=(LetterFile("C07/1.pdf", "aa", True),),
        cases={A: ("路灯 不亮\n请修", NOW, "mailbox"), B: ("占道", NOW - timedelta(days=1), "import")},
        claims=(("k1", A),),
        holdings={service: frozenset({A, B}) for service in ("dispatch", "sla", "notify")},
        log=(
            event("intake", "case.submitted", 1, SUBMITTED),
            event("intake", "case.submitted", 1, imported, B),
            event("sla", "clock.started", 1, CLOSE),
            event("sla", "clock.started", 1, old, B),
            event("sla", "clock.breached", 2, old, B),
            event("sla", "case.marked", 3, red, B),
            event("dispatch", "case.closed", 1),
        ),
        waiting=dict.fromkeys(("intake", "dispatch", "sla", "notify"), 0),
        seen={("sla", "intake", A): (1, 1), ("sla", "intake", B): (1, 1), ("notify", "sla", B): (1, 3)},
        bindings={
            "sla": frozenset({("intake", "case.submitted")}),
            "notify": frozenset({("sla", "clock.breached"), ("sla", "case.marked")}),
        },
        messages=(
            Message("m1", A, "case.submitted/1", "resident", "sent"),
            Message("m2", A, "clock.started/1", "resident", "sent"),
            Message("m3", A, "case.closed/1", "resident", "sent"),
            Message("m4", B, "case.marked/3", "C07/head", "sent"),
            Message("m5", B, "case.marked/3", "C07/leader", "sent"),
        ),
        letters=(Letter(B, "close", 1, "acknowledged", "宝新警示〔2026〕1号", "aa"),),
    )


def only(items: tuple[Any, ...], keep: Callable[[Any], bool]) -> tuple[Any, ...]:
    return tuple(item for item in items if keep(item))


LOSSES: dict[str, Callable[[Evidence], Evidence]] = {
    "the case of an acknowledged letter was deleted": lambda e: replace(e, cases={B: e.cases[B]}),
    "the text of a case was changed": lambda e: replace(e, cases=e.cases | {A: ("路灯不亮", NOW, "mailbox")}),
    "a case never reached dispatch": lambda e: replace(e, holdings={**e.holdings, "dispatch": frozenset({B})}),
    "an event waits in an outbox": lambda e: replace(e, waiting={**e.waiting, "sla": 1}),
    "an event of the middle is missing in the log": lambda e: replace(
        e, log=only(e.log, lambda x: x.type != "clock.breached")
    ),
    "an event was put aside": lambda e: replace(e, aside=(("sla", "intake", A),)),
    "an event never reached a bound consumer": lambda e: replace(e, seen={**e.seen, ("notify", "sla", B): (1, 2)}),
    "a subject was never seen at all": lambda e: replace(e, seen={k: v for k, v in e.seen.items() if k[2] != A}),
    "a sent message is missing in the ledger": lambda e: replace(e, sms=e.sms[:2]),
    "a message is still waiting": lambda e: replace(
        e, messages=(e.messages[0]._replace(state="pending"), *e.messages[1:])
    ),
    "nobody was told of the receipt": lambda e: replace(e, messages=e.messages[1:], sms=e.sms[1:]),
    "a leader was not told of red": lambda e: replace(e, messages=e.messages[:4], sms=(*e.sms[:2], Sms("s3", ("m4",)))),
    "a breach has no letter": lambda e: replace(e, letters=(), files=()),
    "the paper of a letter is gone": lambda e: replace(e, files=()),
    "the paper of a letter was changed": lambda e: replace(e, files=(LetterFile("C07/1.pdf", "bb", True),)),
    "a signed letter was not delivered": lambda e: replace(e, letters=(e.letters[0]._replace(state="signed"),)),
    "the letter numbers have a hole": lambda e: replace(
        e, letters=(e.letters[0]._replace(number="宝新警示〔2026〕2号"),)
    ),
}

DOUBLES: dict[str, Callable[[Evidence], Evidence]] = {
    "a retry made a second case": lambda e: replace(e, claims=(*e.claims, ("k1", B))),
    "a retry got another number": lambda e: replace(e, posts=(e.posts[0]._replace(numbers=frozenset({A, B})),)),
    "a case belongs to no key": lambda e: replace(e, cases=e.cases | {"XA20261124000009": ("路灯", NOW, "mailbox")}),
    "an event number was published twice": lambda e: replace(e, log=(*e.log, e.log[0])),
    "a clock breached twice": lambda e: replace(e, log=(*e.log, e.log[4]._replace(seq=4))),
    "a line of the SMS ledger is repeated": lambda e: replace(e, sms=(*e.sms, e.sms[0])),
    "a message was carried by two SMS": lambda e: replace(e, sms=(*e.sms, Sms("s9", ("m3",)))),
    "an SMS carried a message of no table": lambda e: replace(e, sms=(*e.sms, Sms("s9", ("m9",)))),
    "a skipped message was carried": lambda e: replace(
        e, messages=(e.messages[0]._replace(state="skipped"), *e.messages[1:])
    ),
    "one recipient is told twice of one event": lambda e: replace(
        e, messages=(*e.messages, Message("m6", A, "case.closed/1", "resident", "skipped"))
    ),
    "a paper was copied": lambda e: replace(e, files=(*e.files, LetterFile("C07/2.pdf", "aa", True))),
    "a paper belongs to no letter": lambda e: replace(e, files=(*e.files, LetterFile("C07/2.pdf", "cc", True))),
    "one breach has two letters": lambda e: replace(
        e, letters=(*e.letters, e.letters[0]._replace(number="宝新警示〔2026〕2号", sha256="aa"))
    ),
    "a letter has no breach": lambda e: replace(e, letters=(e.letters[0]._replace(case=A), *e.letters)),
    "a number was given twice": lambda e: replace(e, letters=(*e.letters, e.letters[0]._replace(case=A))),
}


def test_a_sound_run_has_no_finding() -> None:
    assert judge(sound()) == []


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_lost_is_found(name: str) -> None:
    assert "lost" in {finding.kind for finding in judge(LOSSES[name](sound()))}


@pytest.mark.parametrize("name", DOUBLES)
def test_what_was_done_twice_is_found(name: str) -> None:
    assert "doubled" in {finding.kind for finding in judge(DOUBLES[name](sound()))}


def test_a_message_may_be_held_or_skipped_with_a_reason() -> None:
    evidence = sound()
    held = evidence.messages[0]._replace(state="held")
    skipped = evidence.messages[1]._replace(state="skipped")
    carried = (Sms("s2", ("m3",)), evidence.sms[2])
    assert judge(replace(evidence, messages=(held, skipped, *evidence.messages[2:]), sms=carried)) == []


def test_an_anonymous_resident_need_not_be_told() -> None:
    evidence = sound()
    log = (event("intake", "case.submitted", 1, SUBMITTED | {"identity": "anonymous"}), *evidence.log[1:])
    assert judge(replace(evidence, log=log, messages=evidence.messages[3:], sms=evidence.sms[2:])) == []


def test_a_letter_posted_before_the_demo_needs_no_key_of_it() -> None:
    evidence = sound()
    earlier = (("旧信"), NOW - timedelta(hours=1), "mailbox")
    known = {service: numbers | {"XA20261123000001"} for service, numbers in evidence.holdings.items()}
    assert judge(replace(evidence, cases=evidence.cases | {"XA20261123000001": earlier}, holdings=known)) == []


def test_a_retracted_breach_needs_no_letter() -> None:
    evidence = sound()
    log = (*evidence.log, event("sla", "clock.retracted", 4, CLOSE, B))
    assert judge(replace(evidence, log=log, letters=(), files=())) == []
