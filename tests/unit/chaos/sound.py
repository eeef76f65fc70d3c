"""A small sound run, made in one place: case A was answered in time, case B was left alone and got its letter."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from referee.evidence import Evidence as Books
from referee.evidence import Letter, LetterFile, Logged, Message, Sms
from referee.evidence import Post as BooksPost
from referee.invariants.evidence import Answer, Entry, Evidence, Heard, Hostile, Poison, Post, Repeat, Sample, Taken
from services import SERVICES

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
A, B = "XA20261124000001", "XA20261124000002"
MA, MB = "13900000001", "13900000002"
LETTER = "0c5c6f0a-0000-0000-0000-000000000001"
DUE = {"accept": 3600, "dispatch": 7200, "contact": 86400, "close": 60}


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def iso(seconds: float | None) -> str | None:
    return None if seconds is None else at(seconds).isoformat()


def clock(kind: str, start: float, happened: float, **more: Any) -> dict[str, Any]:
    due = start + DUE[kind]
    return {
        "kind": kind, "gen": 1, "silent": False, "letter_after": 0, "unit": "C07", "at": iso(happened),
        "started_at": iso(start), "warn_at": iso(start + 0.75 * DUE[kind]), "due": iso(due), **more,
    }  # fmt: skip


def mark(colour: str) -> dict[str, Any]:
    return {"mark": colour, "silent": False, "unit": "C07", "at": iso(0)}


def _intake(number: str) -> list[tuple[Any, ...]]:
    submitted = {"number": number, "identity": "named", "imported": None}
    accepted = submitted | {"accepted_at": iso(1)}
    return [("intake", 1, "case.submitted", number, submitted), ("intake", 1, "case.accepted", number, accepted)]


def _dispatch(number: str, replied: bool) -> list[tuple[Any, ...]]:
    seen: dict[str, Any] = {"number": number, "unit": None, "state": "waiting", "restricted": False, "at": iso(2)}
    told = [("dispatch", 2, "case.triaged", number, seen)]
    steps = [("dispatched", "dispatched", 3), ("acknowledged", "acknowledged", 4), ("contacted", "handling", 5)]
    steps += [("replied", "replied", 6), ("closed", "closed", 7)] if replied else []
    for type_, state, when in steps:
        seen = seen | {"unit": "C07", "state": state, f"{type_}_at": iso(when), "at": iso(when)}
        told.append(("dispatch", when, f"case.{type_}", number, seen))
    return told


def _sla(number: str, replied: bool) -> list[tuple[Any, ...]]:
    told = [
        (1, "clock.started", clock("accept", 1, 1)), (2, "clock.met", clock("accept", 1, 1)),
        (2, "clock.started", clock("dispatch", 1, 1)), (3.1, "clock.met", clock("dispatch", 1, 3)),
        (3.1, "clock.started", clock("contact", 3, 3)), (3.1, "clock.started", clock("close", 3, 3)),
        (5.1, "clock.met", clock("contact", 3, 5)),
    ]  # fmt: skip
    if replied:
        told += [(7.1, "clock.met", clock("close", 3, 6)), (7.1, "case.marked", mark("green"))]
    else:
        told += [(48.1, "clock.warned", clock("close", 3, 48)), (48.1, "case.marked", mark("yellow"))]
        told += [(63.1, "clock.breached", clock("close", 3, 63)), (63.1, "case.marked", mark("red"))]
    return [("sla", when, type_, number, data) for when, type_, data in told]


MESSAGES = (
    ("m1", A, "case.submitted/1", "received", "resident", 1.5), ("m2", A, "clock.started/6", "promised", "resident", 3.5),
    ("m3", A, "case.closed/6", "closed", "resident", 7.5), ("m4", B, "case.submitted/1", "received", "resident", 1.5),
    ("m5", B, "clock.started/6", "promised", "resident", 3.5), ("m6", B, "case.marked/9", "yellow", "C07/duty", 48.5),
    ("m7", B, "case.marked/11", "red", "C07/head", 63.5), ("m8", B, "case.marked/11", "red", "C07/leader", 63.5),
)  # fmt: skip


def _notify() -> list[tuple[Any, ...]]:
    told = [("notify", when + 0.5, "message.delivered", id_, {"case": case}) for id_, case, *_, when in MESSAGES]
    about = {"case": B}
    return told + [
        ("notify", when, f"letter.{state}", LETTER, about)
        for when, state in ((63.5, "proposed"), (70, "issued"), (71, "acknowledged"))
    ]


def log() -> tuple[Entry, ...]:
    """All four logs; each subject's events are numbered as they stand."""
    told = [*_intake(A), *_intake(B), *_dispatch(A, True), *_dispatch(B, False), *_sla(A, True), *_sla(B, False)]
    counts: dict[tuple[str, str], int] = {}
    found = []
    for position, (service, when, type_, subject, data) in enumerate([*told, *_notify()], start=1):
        seq = counts[service, subject] = counts.get((service, subject), 0) + 1
        found.append(Entry(service, position, at(when + 0.1), type_, subject, seq, 1, False, at(when), data))
    return tuple(found)


def _intake_row(number: str, closed: bool) -> dict[str, Any]:
    shown = {
        "state": "closed" if closed else "handling", "unit": "C07", "unit_name": None, "dispatched_at": iso(3),
        "acknowledged_at": iso(4), "contacted_at": iso(5), "replied_at": iso(6 if closed else None),
        "closed_at": iso(7 if closed else None),
    }  # fmt: skip
    return {
        "number": number, "channel": "mailbox", "kind": "help", "identity": "named", "community": "C07", "place": "门口",
        "description": f"路灯不亮 {number}", "state": "accepted", "submitted_at": at(1), "accepted_at": at(1),
        "refused_at": None, "version": 2, "emergency": False, "imported": False, "sealed": True, "indexed": True,
        "handling": shown, "promise": {"gen": 1, "due": iso(63)},
    }  # fmt: skip


def _dispatch_row(number: str, closed: bool) -> dict[str, Any]:
    return {
        "number": number, "state": "closed" if closed else "handling", "version": 6 if closed else 4, "unit": "C07",
        "kind": "help", "channel": "mailbox", "community": "C07", "emergency": False, "submitted_at": at(1),
        "accepted_at": at(1), "unit_name": None, "helpers": [], "complexity": "simple", "priority": False,
        "sensitive": False, "restricted": False, "dispatched_at": at(3), "acknowledged_at": at(4), "contacted_at": at(5),
        "replied_at": at(6) if closed else None, "closed_at": at(7) if closed else None,
    }  # fmt: skip


def _sla_row(number: str, closed: bool) -> dict[str, Any]:
    row = _dispatch_row(number, closed)
    return row | {"version": 9 if closed else 11, "refused_at": None, "mark": "green" if closed else "red"}


def _clock_row(number: str, kind: str, start: float, met: float | None, breached: float | None) -> dict[str, Any]:
    return {
        "number": number, "kind": kind, "gen": 1, "due": at(start + DUE[kind]), "retracted": False,
        "warn_at": at(start + 0.75 * DUE[kind]), "status": "breached" if breached else "met",
        "met_at": None if met is None else at(met), "breached_at": None if breached is None else at(breached),
    }  # fmt: skip


def _clock_rows(number: str, closed: bool) -> list[dict[str, Any]]:
    early = (("accept", 1, 1), ("dispatch", 1, 3), ("contact", 3, 5))
    close = _clock_row(number, "close", 3, 6 if closed else None, None if closed else 63)
    return [*(_clock_row(number, kind, start, met, None) for kind, start, met in early), close]


def _notify_row(number: str, closed: bool) -> dict[str, Any]:
    breach = {"kind": "close", "gen": 1, "retracted_seq": None}
    return {
        "number": number, "intake": {"identity": "named"}, "restricted_by": [],
        "dispatch": {"closings": [{"seq": 6}] if closed else []},
        "sla": {
            "clocks": [{"seq": seq} for seq in (1, 3, 5, 6)], "breaches": [] if closed else [breach],
            "marks": [{"seq": seq} for seq in ((9,) if closed else (9, 11))],
        },
    }  # fmt: skip


def _message_row(id_: str, case: str, event: str, template: str, recipient: str, when: float) -> dict[str, Any]:
    return {
        "id": id_, "case_number": case, "event": event, "seq": int(event.rpartition("/")[2]), "template": template,
        "audience": "resident" if recipient == "resident" else "unit", "recipient": recipient, "params": {},
        "useful_until": at(when + 3600), "state": "sent", "ordered": False, "sms": f"s-{id_}",
        "planned_at": at(when - 0.2), "ended_at": at(when + 0.5),
    }  # fmt: skip


def tables() -> dict[str, tuple[Mapping[str, Any], ...]]:
    both = ((A, True), (B, False))
    messages = tuple(_message_row(*each) for each in MESSAGES)
    letter = {
        "id": LETTER, "case_number": B, "kind": "close", "gen": 1, "state": "acknowledged", "version": 3,
        "signed_at": at(65), "acknowledged_at": at(71), "voided_at": None, "cause": None,
        "number": "宝新警示〔2026〕1号", "sha256": "aa",
    }  # fmt: skip
    return {
        "intake.cases": tuple(_intake_row(*each) for each in both),
        "dispatch.cases": tuple(_dispatch_row(*each) for each in both),
        "dispatch.staff": ({"mobile": "13800000001", "name": "值班台"},),
        "dispatch.work": tuple(
            {"case_number": e.subject, "seq": e.seq, "type": e.type} for e in log() if e.service == "dispatch"
        ),
        "sla.cases": tuple(_sla_row(*each) for each in both),
        "sla.clocks": tuple(row for each in both for row in _clock_rows(*each)),
        "sla.firings": tuple(
            {"number": B, "kind": "close", "gen": 1, "stage": stage, "silent": False}
            for stage in ("warned", "breached")
        ),
        "notify.cases": tuple(_notify_row(*each) for each in both),
        "notify.messages": messages,
        "notify.sms": tuple(
            {"id": row["sms"], "audience": row["audience"], "state": "sent", "claimed_at": row["planned_at"]}
            for row in messages
        ),
        "notify.letters": (letter,),
        "sla.aside": ({"source": "//lianxin/xinan/intake", "subject": "p1", "id": "p1", "parked": True},),
    }


def _post(key: str, number: str, mobile: str, name: str) -> Post:
    body = {"kind": "help", "description": f"路灯不亮 {number}", "place": "门口", "community": "C07", "name": name}
    return Post(key, body | {"mobile": mobile}, at(0.5), (Answer(None), Answer(201, number)))


def _gateway() -> tuple[Taken, ...]:
    to = {"resident": MA}
    return tuple(
        Taken(at(when), f"s-{id_}", to.get(recipient, "13800000001"), _text(template, case), False)
        for id_, case, _, template, recipient, when in MESSAGES
    )


def _text(template: str, case: str) -> str:
    heading = {"yellow": "预警:", "red": "警报:"}.get(template, "")
    return f"【新安街道办】{heading}编号{case}{template}"


def sound() -> Evidence:
    """A run without a fault, with poison parked, requests refused and a letter posted again."""
    entries = log()
    heard = [e for e in entries if (e.service, e.type) in (("intake", "case.accepted"), ("dispatch", "case.closed"))]
    return with_books(
        Evidence(
            books=Books(opened_at=NOW, files=(LetterFile("C07/1.pdf", "aa", True),)),
            log=entries,
            posts=(_post("k1", A, MA, "欧阳喆堃"), _post("k2", B, MB, "司马镕祎")),
            repeats=(Repeat("k1", True, 201, A), Repeat("k1", False, 422, None), Repeat("k2", True, None, None)),
            hostile=(Hostile("敌意一", "too large", 413), Hostile("敌意二", "slow", None)),
            gateway=_gateway(),
            heard=tuple(Heard(e.service, e.subject, e.place) for e in (*heard, heard[0])),
            heard_by=frozenset({("intake", "case.accepted"), ("dispatch", "case.closed")}),
            poison=(Poison("sla", "p1", "p1", "bad_json", True),),
            samples=(
                *(Sample(when, "process sla-worker", "rss_kb", 60000) for when in ("before", "after")),
                Sample("after", "queue sla.inbox", "messages", 0),
            ),
            tables=tables(),
            now=dict.fromkeys(SERVICES, at(120)),
            written={"logs/sla-worker.log": ("started", "fired 2 clocks"), "sla's outbox": ()},
        )
    )


def with_books(evidence: Evidence) -> Evidence:
    """The evidence with what the demo's checker would have read of the same run."""
    of_case: dict[str | None, list[str]] = {}
    for row in evidence.rows("notify.messages"):
        of_case.setdefault(row["sms"], []).append(row["id"])
    meant = {each.id for each in evidence.poison if each.parks}
    books = Books(
        opened_at=NOW,
        posts=tuple(BooksPost(post.key, post.body["description"], post.numbers) for post in evidence.posts),
        sms=tuple(
            Sms(key, tuple(of_case.get(key, ())))
            for key in dict.fromkeys(t.key for t in evidence.gateway if not t.repeat)
        ),
        files=evidence.books.files,
        cases={n: (r["description"], r["submitted_at"], r["channel"]) for n, r in evidence.cases("intake").items()},
        claims=evidence.books.claims or (("k1", A), ("k2", B)),
        holdings={service: frozenset(evidence.cases(service)) for service in SERVICES},
        log=tuple(
            Logged(e.service, e.type, e.subject, e.seq, e.epoch, e.restricted, e.time, e.data) for e in evidence.log
        ),
        waiting=evidence.books.waiting or dict.fromkeys(SERVICES, 0),
        aside=tuple(
            (s, row["source"], row["subject"])
            for s in SERVICES
            for row in evidence.rows(f"{s}.aside")
            if row["id"] not in meant
        ),
        seen=evidence.books.seen or _seen(evidence),
        bindings={"sla": frozenset({("intake", "case.submitted"), ("intake", "case.accepted")})},
        messages=tuple(
            Message(r["id"], r["case_number"], r["event"], r["recipient"], r["state"])
            for r in evidence.rows("notify.messages")
        ),
        letters=tuple(
            Letter(r["case_number"], r["kind"], r["gen"], r["state"], r["number"], r["sha256"])
            for r in evidence.rows("notify.letters")
        ),
    )
    return replace(evidence, books=books)


def _seen(evidence: Evidence) -> dict[tuple[str, str, str], tuple[int, int]]:
    return {("sla", "intake", e.subject): e.place for e in evidence.log if e.service == "intake"}


def changed(evidence: Evidence, table: str, which: Mapping[str, Any], **values: Any) -> Evidence:
    """With the rows of a table that are like `which` changed."""
    rows = tuple(
        {**row, **values} if all(row[name] == value for name, value in which.items()) else row
        for row in evidence.rows(table)
    )
    return replace(evidence, tables={**evidence.tables, table: rows})


def without(evidence: Evidence, table: str, **which: Any) -> Evidence:
    """Without the rows of a table that are like `which`."""
    rows = tuple(row for row in evidence.rows(table) if any(row[name] != value for name, value in which.items()))
    return replace(evidence, tables={**evidence.tables, table: rows})


def more(evidence: Evidence, table: str, **values: Any) -> Evidence:
    """With one more row, like the table's first but for `values`."""
    first = evidence.rows(table)[0] if evidence.rows(table) else {}
    return replace(evidence, tables={**evidence.tables, table: (*evidence.rows(table), {**first, **values})})
