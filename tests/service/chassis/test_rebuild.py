"""A projection folded again from its producer's log: the same as before, and nothing comes of it."""

import threading
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import aside, gate, outbox
from chassis.delivery.envelope import Event, Message
from chassis.delivery.gate import Rebuilding
from chassis.delivery.inbox import receive
from chassis.delivery.relay import Relay
from chassis.delivery.retrier import replay_one
from chassis.operating.rebuild import Projection, RebuildRefused, Rebuilt, export, rebuild
from chassis.operating.sections import Unreadable
from deploy.system.testbed import Vhost
from tests.service.chassis import counting
from tests.service.chassis.counting import ADDER, COUNTER, SUBSCRIPTION, TOPOLOGY, Total, added, totals
from tests.service.chassis.test_reconcile import publish, taken
from tests.support.events import message, published


def fold(value: Total | None, event: Event) -> Total:
    return counting.fold(value, event, event.time)[0]


PROJECTION: Projection[Total] = Projection([("totals", "name")], SUBSCRIPTION, fold, counting.save)
Lines = Callable[[], Sequence[str]]


@pytest.fixture
def lines(adder: Database) -> Lines:
    return lambda: list(export(adder, TOPOLOGY, "xinan", ADDER, COUNTER))


def rows(database: Database) -> list[tuple[object, ...]]:
    with database.transaction() as tx:
        return [tuple(row) for row in tx.execute(text("select * from totals order by name"))]


def told(database: Database) -> list[tuple[str, int]]:
    return [(row["subject"], row["seq"]) for row in published(database)]


def spoil(counter: Database, statement: str = "delete from totals") -> None:
    with counter.transaction() as tx:
        tx.execute(text(statement))


@pytest.fixture
def heard(adder: Database, counter: Database, relay: Relay, vhost: Vhost) -> list[tuple[object, ...]]:
    """Forty subjects of three events each, published by the relay and read from the queue; the rows that came of it."""
    publish(adder, relay, *((f"s{n}", seq) for seq in (1, 2, 3) for n in range(40)))
    receive(counter, SUBSCRIPTION, taken(vhost))
    return rows(counter)


@pytest.mark.parametrize(
    "damage",
    [
        "delete from totals",
        "update totals set total = total * 2 where name < 's2'",
        "insert into totals values ('never heard of', 1, 1)",
    ],
)
def test_a_spoilt_projection_is_as_it_was_row_by_row_and_no_event_comes_of_it(
    counter: Database, heard: list[tuple[object, ...]], lines: Lines, damage: str
) -> None:
    before = told(counter)
    spoil(counter, damage)
    done = rebuild(counter, PROJECTION, COUNTER, lines())
    assert rows(counter) == heard
    assert told(counter) == before
    assert done == Rebuilt(keys=40, events=120)


def test_newer_events_act_on_the_rebuilt_state(
    adder: Database, counter: Database, relay: Relay, vhost: Vhost, heard: object, lines: Lines
) -> None:
    publish(adder, relay, ("s1", 4), ("new", 1))
    newer = taken(vhost)
    spoil(counter)
    rebuild(counter, PROJECTION, COUNTER, lines())
    assert totals(counter)["s1"] == 3, "what was not seen yet is not folded"
    receive(counter, SUBSCRIPTION, newer)
    assert (totals(counter)["s1"], totals(counter)["new"]) == (4, 1)
    assert told(counter)[-2:] == [("s1", 4), ("new", 1)]


def test_a_trial_changes_nothing(counter: Database, heard: list[tuple[object, ...]], lines: Lines) -> None:
    spoil(counter)
    assert rebuild(counter, PROJECTION, COUNTER, lines(), trial=True).keys == 40
    assert rows(counter) == []


def test_what_is_aside_or_was_skipped_stays_out_and_what_is_aside_acts_later(
    adder: Database, counter: Database, relay: Relay, vhost: Vhost, lines: Lines
) -> None:
    with adder.transaction() as tx:
        outbox.put(tx, [added(s, seq, n) for s in ("a", "b") for seq, n in ((1, 1), (2, 13), (3, 4))])
    publish(adder, relay)
    receive(counter, SUBSCRIPTION, taken(vhost))
    with counter.transaction() as tx:
        first = next(row["id"] for row in aside.listed(tx, subject="a"))
        aside.skip(tx, first, "agreed")
        aside.again(tx)
    while replay_one(counter, SUBSCRIPTION, back_off=(0, 0, 0, 0)):
        pass
    before = rows(counter)
    assert totals(counter) == {"a": 5, "b": 1}
    spoil(counter)
    rebuild(counter, PROJECTION, COUNTER, lines())
    assert rows(counter) == before
    with counter.transaction() as tx:
        tx.execute(text("update aside set body = '{\"number\": 2}' where seq = 2"))
        aside.again(tx)
    while replay_one(counter, SUBSCRIPTION):
        pass
    assert totals(counter) == {"a": 5, "b": 7}
    assert told(counter)[-2:] == [("b", 2), ("b", 3)]


def test_batches_wait_while_a_projection_is_folded_again_and_lose_nothing(
    counter: Database, heard: object, lines: Lines
) -> None:
    late = message(added("s1", 4, 1), ADDER)
    redelivered = Message(late.headers, late.body, redelivered=True)
    with counter.transaction() as tx:
        gate.close(tx)
        for waiting in (late, redelivered, redelivered, redelivered, redelivered):
            with pytest.raises(Rebuilding):
                receive(counter, SUBSCRIPTION, [waiting])
        assert not replay_one(counter, SUBSCRIPTION)
    receive(counter, SUBSCRIPTION, [redelivered])
    assert totals(counter)["s1"] == 4
    with counter.transaction() as tx:
        assert aside.counts(tx) == {"waiting": 0, "parked": 0}, "waiting is no failed attempt"


def test_a_rebuild_waits_for_the_batch_in_hand(counter: Database, heard: list[object], lines: Lines) -> None:
    done = threading.Event()

    def run() -> None:
        rebuild(counter, PROJECTION, COUNTER, lines())
        done.set()

    with counter.transaction() as tx:
        gate.enter(tx)
        thread = threading.Thread(target=run)
        thread.start()
        assert not done.wait(0.5)
    thread.join(20)
    assert done.is_set() and rows(counter) == heard


def test_what_the_log_does_not_hold_from_its_beginning_is_left_as_it_is(
    adder: Database, counter: Database, heard: list[tuple[object, ...]], lines: Lines
) -> None:
    spoil(adder, "delete from event_log where subject in ('s1', 's2') and seq = 1")
    spoil(adder, "delete from event_log where subject = 's3'")
    spoil(counter, "update totals set total = 0 where name = 's5'")
    done = rebuild(counter, PROJECTION, COUNTER, lines())
    assert (done.older, done.moved, rows(counter)) == (["s1", "s2", "s3"], [], heard)


def test_what_moved_on_since_the_log_was_written_is_left_for_the_next_time(
    adder: Database, counter: Database, relay: Relay, vhost: Vhost, heard: object, lines: Lines
) -> None:
    written = lines()
    publish(adder, relay, ("s1", 4))
    receive(counter, SUBSCRIPTION, taken(vhost))
    before = rows(counter)
    assert rebuild(counter, PROJECTION, COUNTER, written).moved == ["s1"]
    assert rows(counter) == before
    assert rebuild(counter, PROJECTION, COUNTER, lines()) == Rebuilt(keys=40, events=121)
    assert rows(counter) == before


def test_nothing_is_changed_by_half_a_log_or_without_the_log_of_a_source_that_was_read(
    counter: Database, heard: list[tuple[object, ...]], lines: Lines
) -> None:
    with pytest.raises(Unreadable, match="cut off"):
        rebuild(counter, PROJECTION, COUNTER, lines()[:-1])
    receive(counter, SUBSCRIPTION, [message(added("s1", 1, 1), "dispatch")])
    before = rows(counter)
    with pytest.raises(RebuildRefused, match="the log of //lianxin/xinan/dispatch is missing"):
        rebuild(counter, PROJECTION, COUNTER, lines())
    assert rows(counter) == before


def test_a_fold_that_raises_changes_nothing(counter: Database, heard: list[object], lines: Lines) -> None:
    def unlucky(value: Total | None, event: Event) -> Total:
        raise counting.Unlucky

    with pytest.raises(RebuildRefused, match=r"added .* of s\d+ failed: Unlucky"):
        rebuild(counter, Projection(PROJECTION.tables, SUBSCRIPTION, unlucky, counting.save), COUNTER, lines())
    assert rows(counter) == heard


def test_a_log_is_written_for_a_reader_only(adder: Database) -> None:
    with pytest.raises(RebuildRefused, match="notify reads nothing from intake"):
        list(export(adder, TOPOLOGY, "xinan", ADDER, "notify"))
