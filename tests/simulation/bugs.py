# ruff: noqa: ARG005 - a lambda here has the signature of what it stands in for
"""Bugs planted one at a time, each a mistake somebody could make: the proof that the simulation can fail."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from chassis.delivery import inbox
from chassis.delivery.consumer import Consumer
from chassis.delivery.relay import MOVE, Relay
from services.notify.commands import facts, printing, sender, unknown
from services.notify.commands.sender import Sender
from services.notify.domain import plan
from services.notify.domain.gateway import Fate
from services.sla.domain import clock as sla_clock
from services.sla.domain import course as sla_course
from tests.simulation import memory, processes, sql_chassis, sql_notify, sql_sla
from tests.simulation.doors import Doors
from tests.simulation.town import SQL

Bug = Callable[[], Iterator[tuple[Any, str, Any]]]
BUGS: dict[str, Bug] = {}
FAVOURS: dict[str, Collection[str]] = {}


def bug(what: str, favour: Collection[str] = ()) -> Callable[[Bug], Bug]:
    """`favour`: the faults without which the mistake does no harm."""

    def keep(changes: Bug) -> Bug:
        BUGS[what], FAVOURS[what] = changes, favour
        return changes

    return keep


@contextmanager
def planted(what: str) -> Iterator[None]:
    """The bug is in the code within the block."""
    changes = [(thing, name, new) for thing, name, new in BUGS[what]()]
    before = [(thing, name, _get(thing, name)) for thing, name, _ in changes]
    try:
        for thing, name, new in changes:
            _set(thing, name, new)
        memory.forget()
        yield
    finally:
        for thing, name, old in before:
            _set(thing, name, old)
        memory.forget()


def _get(thing: Any, name: str) -> Any:
    return thing[name] if isinstance(thing, dict) else getattr(thing, name)


def _set(thing: Any, name: str, value: Any) -> None:
    if isinstance(thing, dict):
        thing[name] = value
    else:
        setattr(thing, name, value)


def _statement(piece: str, model: Any) -> Iterator[tuple[Any, str, Any]]:
    """Another meaning of a statement, in every database that issues it."""
    for module in SQL.values():
        if piece in module.MODELS:
            yield module.MODELS, piece, model


MARK = "insert into seen (source, subject, epoch, last_seq)"
PUT = "insert into outbox (type, version, subject"
COUNT = "insert into letter_numbers as n"


def _committed_at_once(model: Any, table: str) -> Any:
    """The statement as it is, in a transaction of its own: a rollback of the rest does not undo it."""

    def at_once(tx: Any, p: Mapping[str, Any]) -> Any:
        found = model(tx, p)
        tx.undo[:] = [each for each in tx.undo if each[0] is not tx.tables[table]]
        return found

    return at_once


# --- events in ---


@bug("repeats are not told from new events")
def _no_dedupe() -> Iterator[tuple[Any, str, Any]]:
    yield inbox, "_new", lambda events, known: list(events)
    yield from _statement(MARK, _mark_anything)


def _mark_anything(tx: Any, p: Mapping[str, Any]) -> int:
    for source, subject, *place in zip(*(p[n] for n in ("sources", "subjects", "epochs", "seqs")), strict=True):
        tx.put("seen", (source, subject), tuple(place))
    return len(p["sources"])


@bug("a batch is acknowledged before it is committed")
def _early_ack() -> Iterator[tuple[Any, str, Any]]:
    settle = Consumer._settle

    def early(self: Any, connection: Any, channel: Any, taken: Any) -> None:
        channel.basic_ack(taken[-1].delivery_tag, multiple=True)
        settle(self, connection, SimpleNamespace(basic_ack=lambda tag, multiple: None), taken)

    yield Consumer, "_settle", early


@bug("what was read stays marked when the change is rolled back")
def _seen_apart() -> Iterator[tuple[Any, str, Any]]:
    yield from _statement(MARK, _committed_at_once(sql_chassis.MODELS[MARK], "seen"))


@bug("later events of a subject overtake one that was put aside")
def _overtaking() -> Iterator[tuple[Any, str, Any]]:
    yield from _statement("select distinct source, subject from unnest", lambda tx, p: [])


@bug("an event that fails is dropped")
def _dropped() -> Iterator[tuple[Any, str, Any]]:
    yield from _statement("insert into aside (source", lambda tx, p: 0)


# --- events out ---


@bug("the relay takes events out of the outbox before the broker has confirmed them")
def _early_delete() -> Iterator[tuple[Any, str, Any]]:
    def publish(self: Any, tx: Any, rows: Any) -> None:
        tx.execute(MOVE, {"ids": [row["id"] for row in rows]})
        tx.undo.clear()  # committed
        self.publisher.publish([self.outgoing(row) for row in rows])

    yield Relay, "_publish", publish


@bug("two relays of one service share the outbox", favour=("hang",))
def _no_relay_lock() -> Iterator[tuple[Any, str, Any]]:
    def claim(tx: Any, p: Mapping[str, Any]) -> list[Any]:
        """`for update skip locked limit 1`, as many an outbox has it."""
        for row in sorted(tx.tables["outbox"].values(), key=lambda row: row["id"]):
            if tx.lock(f"row {row['id']}"):
                return [row]
        return []

    yield from _statement("select pg_try_advisory_xact_lock(hashtext('lianxin relay'))", lambda tx, p: [{"got": True}])
    yield from _statement("select o.* from outbox o", claim)


@bug("an event is published though the change it tells of was rolled back")
def _event_without_change() -> Iterator[tuple[Any, str, Any]]:
    yield from _statement(PUT, _committed_at_once(sql_chassis.MODELS[PUT], "outbox"))


# --- the door ---


@bug("a repeated command is carried out again")
def _no_idempotency() -> Iterator[tuple[Any, str, Any]]:
    def always(self: Any, service: str, key: str, command: Any) -> str:
        with self.town.databases[service].transaction() as tx:
            return str(command(tx))

    yield Doors, "_once", always


# --- clocks ---


@bug("clocks fire without knowing what was published", favour=("delivery_delayed",))
def _not_caught_up() -> Iterator[tuple[Any, str, Any]]:
    yield sql_sla, "is_caught_up", lambda tx: True


@bug("clocks of a case fire while its events are tried again", favour=("fold_fails",))
def _fires_over_aside() -> Iterator[tuple[Any, str, Any]]:
    yield sql_sla, "retried_subjects", lambda aside: set()
    yield processes, "retried_subjects", lambda aside: set()


@bug("a clock fires ten minutes early")
def _early() -> Iterator[tuple[Any, str, Any]]:
    def soon(tx: Any, clock: Any, floor: Any) -> bool:
        return clock["next_at"] is not None and clock["next_at"] - EARLY <= tx.now

    def when(town: Any, service: str, table: str, moment_of: Any) -> Any:
        due = SOONEST(town, service, table, moment_of)
        return (lambda: due() - EARLY.total_seconds()) if table == "clocks" else due

    yield sql_sla, "_is_due", soon
    yield processes, "_soonest", when


SOONEST, EARLY = processes._soonest, timedelta(minutes=10)


@bug("a breach that was none is not taken back", favour=("delivery_delayed", "fold_fails"))
def _no_retraction() -> Iterator[tuple[Any, str, Any]]:
    def end(clock: Any, ended_at: Any) -> Any:
        clock = sla_clock.meet(clock, ended_at)
        return clock, [sla_clock.Step(sla_clock.Turn.MET, clock, ended_at)]

    yield sla_course, "_end", end


# --- messages ---


@bug("the gateway is called before the claim is committed")
def _claim_late() -> Iterator[tuple[Any, str, Any]]:
    real = Sender.claim

    def call_first(self: Any, tx: Any, claimed: Any, now: Any) -> None:
        if claimed:
            self.hand_over(claimed, now)
        real(self, tx, claimed, now)

    yield Sender, "claim", call_first


@bug("an SMS of unknown fate is sent again without asking")
def _no_lookup() -> Iterator[tuple[Any, str, Any]]:
    yield unknown, "after_unknown", lambda taken, **rest: "again"


@bug("an SMS of unknown fate goes out again under a new key")
def _new_key() -> Iterator[tuple[Any, str, Any]]:
    real = sender.outcome_of

    def outcome(sms: Any, answer: Any, now: Any) -> Any:
        if answer.fate is Fate.UNKNOWN:
            return real(sms, replace(answer, fate=Fate.BUSY), now)
        return real(sms, answer, now)

    yield sender, "outcome_of", outcome


@bug("a claim whose owner died is never looked at")
def _no_lease() -> Iterator[tuple[Any, str, Any]]:
    yield from _statement("with lapsed as ( select id from sms", lambda tx, p: [])


@bug(
    "who was taken for dead still writes down what became of an SMS", favour=("hang", "gateway_busy", "gateway_silent")
)
def _late_ending() -> Iterator[tuple[Any, str, Any]]:
    piece = "update sms s set state = e.state"
    model = sql_notify.MODELS[piece]

    def any_attempt(tx: Any, p: Mapping[str, Any]) -> Any:
        return model(tx, {**p, "attempts": [tx.tables["sms"][id_]["attempt"] for id_ in p["sms"]]})

    yield from _statement(piece, any_attempt)


@bug("what is heard of a case before its letter is forgotten", favour=("delivery_delayed", "confirm_lost"))
def _letter_first() -> Iterator[tuple[Any, str, Any]]:
    def after_the_letter(case: Any, event: Any) -> Any:
        return case if case.submission is None else started(case, event)

    started = facts.FACTS["clock.started"]
    yield facts.FACTS, "clock.started", after_the_letter


@bug("messages to be planned are forgotten when two causes come in one batch")
def _half_planned() -> Iterator[tuple[Any, str, Any]]:
    real = plan.added

    def last_only(before: Any, after: Any) -> Any:
        return real(before, after)[-1:]

    yield plan, "added", last_only


# --- letters ---


@bug("a letter's number is taken in a transaction of its own", favour=("crash",))
def _number_apart() -> Iterator[tuple[Any, str, Any]]:
    yield from _statement(COUNT, _committed_at_once(sql_notify.MODELS[COUNT], "letter_numbers"))


@bug("letters that are there are not looked at")
def _second_letter() -> Iterator[tuple[Any, str, Any]]:
    yield from _statement("from letters where case_number = any(:cases)", lambda tx, p: [])


@bug("the paper is made but nobody writes down that it was")
def _not_issued() -> Iterator[tuple[Any, str, Any]]:
    yield printing, "_issue", lambda tx, letter_id, sha256: None


@bug("a retracted breach keeps its letter")
def _keeps_letter() -> Iterator[tuple[Any, str, Any]]:
    yield plan, "wants_letter", lambda case, breach: breach.kind == "close"
