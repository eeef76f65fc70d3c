"""The claim on a real database: it fires what the domain says, once, and only when it may."""

import random
import threading
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import inbox
from services.sla import metrics, store
from services.sla.commands import SUBSCRIPTION, Firing
from services.sla.domain.sweep import BATCH, MARGIN
from services.sla.events import PUBLISHES
from services.sla.operating.measuring import measure
from tests.support.sla_life import Life, Sla, after
from tests.support.sla_lives import lives

OPEN = Life(accepted=0.5, dispatched=1, contacted=2)
DUE = after(25)


def numbered(life: Life, count: int, prefix: str = "XA202611240") -> list[Life]:
    return [replace(life, number=f"{prefix}{n:05d}") for n in range(count)]


# Never within seconds of a limit, since the database's clock runs on while the test does. What fails is not shrunk:
# every try costs a round of transactions.
moments = st.integers(0, 120).map(lambda hour: hour + 0.123)


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(lives(), min_size=1, max_size=12), st.lists(moments, min_size=1, max_size=4))
def test_the_claim_publishes_and_keeps_what_the_domain_would(station, born, looks):
    station.clear()
    born = [replace(life, number=f"XA20261124{n:06d}") for n, life in enumerate(born)]
    station.be_at(after(0))
    station.tell(*born)
    models = {life.number: Sla() for life in born}
    for life in born:
        for told in life.in_order():
            models[life.number].hear(told)
    for hours in sorted(looks):
        station.be_at(after(hours))
        station.fire()
        for model in models.values():
            model.fire(after(hours))
    found = station.published()
    for number, model in models.items():
        assert [(e["type"], e["seq"], e["data"]) for e in found[number]] == [
            (d.type, d.seq, d.data) for d in model.published
        ]
        assert {e["restricted"] for e in found[number]} <= {model.case.dispatch.restricted, False}
    assert station.cases(models) == {number: model.case for number, model in models.items()}


def test_a_clock_fires_when_its_time_has_come_and_not_before(station):
    station.be_at(after(18.9))
    station.tell(OPEN)
    station.fire()
    assert station.turns(OPEN.number, "close") == ["started"]
    station.be_at(after(19))
    station.fire()
    assert station.turns(OPEN.number, "close") == ["started", "warned"]
    station.be_at(DUE)
    station.fire()
    assert station.turns(OPEN.number, "close") == ["started", "warned", "breached"]


def test_a_clock_past_both_turns_yellow_then_red_in_one_claim_with_one_mark(station):
    station.be_at(after(30))
    station.tell(OPEN)
    station.fire()
    types = [(e["seq"], e["type"]) for e in station.published()[OPEN.number]]
    assert types[-3:] == [(8, "clock.warned"), (9, "clock.breached"), (10, "case.marked")]
    assert station.published()[OPEN.number][-1]["data"]["previous"] == "none"


def test_two_clocks_of_one_case_due_together_are_numbered_in_order(station):
    life = Life(accepted=0.5, dispatched=1)  # contact and close both end after 24 h
    station.be_at(DUE)
    station.tell(life)
    station.fire()
    events = station.published()[life.number]
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
    assert [(e["type"], e["data"].get("kind")) for e in events][-5:] == [
        ("clock.warned", "close"),
        ("clock.warned", "contact"),
        ("clock.breached", "close"),
        ("clock.breached", "contact"),
        ("case.marked", None),
    ]
    assert station.scalar("select version from cases") == len(events)


@pytest.mark.parametrize("hours", [18.9, 19, 24.9, 25], ids=["green", "just yellow", "yellow", "red"])
def test_the_claim_finds_the_mark_the_domain_finds_for_every_risk_and_every_clock(station, hours):
    """Mark and reason are decided in `domain/mark.py` and again in the claim's SQL, and bodies are joined there by hand:
    every case of risk and view, with each clock open or over, is fired by both."""
    choices = product(
        (False, True), (False, True), ("simple", "complex"), (False, True), (None, 2), (None, (3, None), (3, 20))
    )
    born = [
        Life(
            accepted=0.5, dispatched=1, contacted=contacted, replies=[] if replied is None else [replied],
            emergency=emergency, priority=priority, complexity=complexity, restricted=restricted,
            number=f"XA20261124{n:06d}",
        )
        for n, (emergency, priority, complexity, restricted, contacted, replied) in enumerate(choices)
    ]  # fmt: skip
    undispatched = [
        Life(accepted=a, emergency=e, number=f"XA20261124{900 + i:06d}")
        for i, (a, e) in enumerate(product((None, 0.5), (False, True)))
    ]
    station.be_at(after(0))
    station.tell(*born, *undispatched)
    station.be_at(after(hours))
    station.fire()
    found, kept = station.published(), station.cases([life.number for life in (*born, *undispatched)])
    for life in (*born, *undispatched):
        model = Sla()
        for told in life.in_order():
            model.hear(told)
        model.fire(after(hours))
        assert [(e["type"], e["seq"], e["data"]) for e in found[life.number]] == [
            (d.type, d.seq, d.data) for d in model.published
        ]
        assert kept[life.number] == model.case


def test_each_body_the_claim_joins_by_hand_has_the_fields_of_its_schema_and_no_other(station):
    station.be_at(after(30))
    station.tell(OPEN)
    station.fire()
    fired = [
        e for e in station.published()[OPEN.number] if e["type"] in ("clock.warned", "clock.breached", "case.marked")
    ]
    schemas = {event.type: event.schema() for event in PUBLISHES}
    assert {e["type"] for e in fired} == {"clock.warned", "clock.breached", "case.marked"}
    for event in fired:
        schema = schemas[event["type"]]
        assert schema.validate(event["data"]) == {}
        assert event["data"].keys() == schema.fields.keys()
        assert schema.dump(schema.load(event["data"])) == event["data"]


def test_a_word_of_being_caught_up_that_lies_ahead_counts_for_nothing(station):
    """It was written before the database's clock was set back; what has come since may not have been read."""
    station.be_at(after(36), caught_up=True)
    station.be_at(after(25), caught_up=False)
    station.tell(OPEN)
    station.fire()
    assert station.turns(OPEN.number, "close") == ["started"]
    station.catch_up()
    station.fire()
    assert station.turns(OPEN.number, "close") == ["started", "warned", "breached"]


def test_firing_again_fires_nothing(station):
    station.be_at(DUE)
    station.tell(OPEN)
    station.fire()
    before = station.published()
    for _ in range(3):
        Firing().turn(station.database)
    assert station.published() == before


def test_many_claimers_fire_every_clock_exactly_once(station):
    born = numbered(OPEN, 700)
    station.be_at(after(30))
    station.tell(*born)
    threads = [threading.Thread(target=fire_until_quiet, args=(station.database,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert station.scalar("select count(*) from firings where kind = 'close'") == 2 * len(born)
    for events in station.published().values():
        assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
        assert [e["type"] for e in events].count("clock.breached") == 1


def fire_until_quiet(database: Database) -> None:
    firing, quiet = Firing(), 0
    while quiet < 3:
        quiet = 0 if firing.turn(database) else quiet + 1


def test_folding_and_firing_at_once_leaves_no_hole_and_no_stray_breach(station):
    born = [
        replace(life, number=f"XA20261125{n:06d}", replies=[(20 + n % 8, None)], closed=29)
        for n, life in enumerate(numbered(OPEN, 150))
    ]
    station.be_at(after(28))
    for life in born:
        station.hear(*life.in_order()[:-2])
    done = threading.Event()

    def claim_without_pause() -> None:
        while not done.is_set():
            with station.database.transaction() as tx:
                store.fire(tx, None, 3)

    claimer = threading.Thread(target=claim_without_pause)
    claimer.start()
    rest = [told for life in born for told in life.in_order()[-2:]]
    for start in range(0, len(rest), 10):
        station.hear(*rest[start : start + 10])
    done.set()
    claimer.join()
    station.fire()
    found = station.published()
    for life in born:
        events = found[life.number]
        assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
        late = life.replies[0][0] > 25
        turns = [e["type"] for e in events if e["data"].get("kind") == "close"]
        assert ("clock.breached" in turns) == (late or "clock.retracted" in turns)
        assert turns[-1] == "clock.met"


def test_nothing_fires_while_events_may_be_under_way(station):
    station.be_at(after(30))
    station.tell(OPEN)
    station.be_at(after(31), caught_up=False)
    station.fire()
    assert station.turns(OPEN.number, "close") == ["started"]
    station.catch_up()
    station.fire()
    assert station.turns(OPEN.number, "close")[-1] == "breached"


def test_the_probe_of_the_inbox_is_what_lets_clocks_fire(station):
    station.be_at(after(30), caught_up=False)
    station.tell(OPEN)
    inbox.receive(station.database, SUBSCRIPTION, [], after(30))
    station.fire()
    assert station.turns(OPEN.number, "close")[-1] == "breached"


def test_a_case_with_events_aside_waits_until_they_are_parked(station):
    station.be_at(after(30))
    station.tell(OPEN)
    station.run(
        "insert into aside (source, subject, epoch, seq, type, headers, body, error)"
        " values ('//lianxin/xinan/dispatch', :n, 1, 9, 'case.closed', '{}', '', 'Broken')",
        n=OPEN.number,
    )
    station.fire()
    assert station.turns(OPEN.number, "close") == ["started"]
    station.run("update aside set parked_at = clock_now()")
    station.be_at(after(30) + timedelta(seconds=40))
    station.fire()
    station.fire()
    assert station.turns(OPEN.number, "close")[-1] == "breached"


def test_events_behind_a_parked_one_do_not_hold_the_clocks_back(station):
    station.be_at(after(30))
    station.tell(OPEN)
    for seq, parked in ((9, "clock_now()"), (10, "null")):
        station.run(
            "insert into aside (source, subject, epoch, seq, type, headers, body, error, parked_at)"
            f" values ('//lianxin/xinan/dispatch', :n, 1, {seq}, 'case.replied', '{{}}', '', 'Broken', {parked})",
            n=OPEN.number,
        )
    station.fire()
    assert station.turns(OPEN.number, "close")[-1] == "breached"


def test_a_case_that_another_process_holds_is_left_to_it_and_fires_later(station):
    other = replace(OPEN, number="XA20261124000999")
    station.be_at(after(30))
    station.tell(OPEN, other)
    with station.database.transaction() as tx:
        tx.execute(text("select 1 from cases where number = :n for update"), {"n": OPEN.number})
        station.fire()
        assert station.turns(other.number, "close")[-1] == "breached"
        assert station.turns(OPEN.number, "close") == ["started"]
    station.fire()
    assert station.turns(OPEN.number, "close")[-1] == "breached"


def test_a_clock_that_arrives_past_its_time_is_above_the_floor(station):
    station.be_at(after(30))
    station.fire()
    station.fire()
    assert station.firing.sweep.floor is not None
    station.tell(OPEN)
    assert station.scalar("select min(next_at) from clocks where next_at is not null") > after(30) - MARGIN
    station.fire()
    assert station.turns(OPEN.number, "close")[-1] == "breached"


def test_a_backlog_larger_than_a_batch_is_fired_to_the_end(station):
    born = numbered(OPEN, BATCH + 50)
    station.be_at(after(30))
    station.tell(*born)
    assert station.fire() == 1  # a full batch, then the rest
    assert station.scalar("select count(*) from firings where stage = 'breached' and kind = 'close'") == len(born)


def test_nothing_of_a_claim_stays_when_it_is_rolled_back(station):
    station.be_at(DUE)
    station.tell(OPEN)
    before = (station.published(), station.cases([OPEN.number]))
    with station.database.engine.connect() as killed:
        assert store.fire(killed, None, BATCH).clocks == 1
        killed.rollback()
    assert (station.published(), station.cases([OPEN.number])) == before
    station.fire()
    assert station.turns(OPEN.number, "close")[-1] == "breached"


def test_a_look_reads_the_index_of_due_times_only(station):
    station.tell(*numbered(OPEN, 200))
    with station.database.transaction() as tx:
        tx.execute(text("set local enable_seqscan = off"))
        plan = tx.execute(text(f"explain {store.claim.LOOK.text}"), {"floor": "-infinity"}).scalars().all()
    assert any("clocks_next" in line for line in plan)


def test_lateness_is_counted_from_when_a_clock_could_fire(station):
    station.be_at(DUE)
    station.tell(OPEN)
    station.be_at(DUE + timedelta(seconds=1))
    with station.database.transaction() as tx:
        fired = store.fire(tx, None, BATCH)
    assert [round(seconds) for seconds in fired.lateness] == [1]
    assert fired.fired == {"close.warned": 1, "close.breached": 1}


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size(station):
    def statements(lives_of_batch):
        seen = []
        told = [each for life in lives_of_batch for each in life.in_order()]
        listen = lambda *arguments: seen.append(arguments[2])  # noqa: E731
        sqlalchemy_event.listen(station.database.engine, "before_cursor_execute", listen)
        station.hear(*told)
        sqlalchemy_event.remove(station.database.engine, "before_cursor_execute", listen)
        return len(seen)

    assert statements(numbered(OPEN, 1, "XB")) == statements(numbered(OPEN, 25, "XC"))


def test_events_repeated_in_any_order_change_nothing(station):
    life = Life(accepted=0.5, dispatched=1, contacted=2, replies=[(3, 4), (5, None)], closed=6)
    told = life.in_order()
    station.hear(*told)
    before = (station.published(), station.cases([life.number]))
    shuffled = told * 2
    random.Random(7).shuffle(shuffled)
    station.hear(*shuffled)
    station.hear(*shuffled, redelivered=True)
    assert (station.published(), station.cases([life.number])) == before


def test_the_first_events_of_two_sources_at_once_keep_both_parts(station):
    for n in range(10):
        life = replace(OPEN, number=f"XA20261126{n:06d}")
        threads = [threading.Thread(target=station.hear, args=part) for part in (life.intake(), life.dispatch())]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        case = station.cases([life.number])[life.number]
        assert case.intake is not None and case.dispatch.unit == "C07"
        assert {*case.clocks} == {"accept", "dispatch", "contact", "close"}


def test_the_gauges_say_what_should_have_fired_and_since_when(station):
    station.be_at(after(3))
    station.tell(OPEN)
    measure(station.database)
    assert (metrics.DUE.values[()], metrics.LATEST.values[()]) == (0, 0)
    assert metrics.ARMED.values[()] == 1
    station.be_at(after(19.5))
    measure(station.database)
    assert metrics.DUE.values[()] == 1
    assert 1799 < metrics.LATEST.values[()] < 1900
    station.fire()
    measure(station.database)
    assert metrics.DUE.values[()] == 0
