"""The way in, on the real database: whatever arrives, however often, in whatever order."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from chassis.database import Database
from chassis.delivery import aside, inbox
from chassis.delivery.envelope import Message
from chassis.delivery.gate import Rebuilding
from chassis.delivery.inbox import receive
from chassis.delivery.retrier import replay_one
from chassis.delivery.subscription import Subscription
from tests.service.chassis import counting
from tests.service.chassis.counting import ADDER, SUBSCRIPTION, added, totals
from tests.support.clock import move_clock
from tests.support.events import message, published


def messages(*parts: tuple[str, int, int], redelivered: bool = False) -> list[Message]:
    return [message(added(*part), ADDER, redelivered=redelivered) for part in parts]


def put_aside(database: Database) -> list[tuple[str, int, bool]]:
    with database.transaction() as tx:
        return [(row["subject"], row["seq"], row["parked_at"] is not None) for row in aside.listed(tx)]


def test_a_repeated_event_changes_nothing(counter: Database) -> None:
    receive(counter, SUBSCRIPTION, messages(("a", 1, 5), ("a", 2, 6)))
    receive(counter, SUBSCRIPTION, messages(("a", 1, 5), ("a", 2, 6), ("a", 2, 6)))
    assert totals(counter) == {"a": 11}
    assert len(published(counter)) == 2


def test_a_late_event_changes_nothing(counter: Database) -> None:
    receive(counter, SUBSCRIPTION, messages(("a", 3, 5)))
    receive(counter, SUBSCRIPTION, messages(("a", 2, 100)))
    assert totals(counter) == {"a": 5}


def test_events_of_a_restored_producer_are_new_though_their_numbers_are_old(counter: Database) -> None:
    receive(counter, SUBSCRIPTION, messages(("a", 9, 5)))
    receive(counter, SUBSCRIPTION, [message(added("a", 3, 6), ADDER, epoch=2)])
    receive(counter, SUBSCRIPTION, messages(("a", 10, 100)))
    assert totals(counter) == {"a": 11}


def test_a_fold_that_raises_holds_its_own_subject_only(counter: Database) -> None:
    receive(counter, SUBSCRIPTION, messages(("a", 1, 1), ("a", 2, 13), ("a", 3, 1), ("b", 1, 7)))
    receive(counter, SUBSCRIPTION, messages(("a", 4, 1), ("b", 2, 7)))
    assert totals(counter) == {"a": 1, "b": 14}
    assert put_aside(counter) == [("a", 2, False), ("a", 3, False), ("a", 4, False)]


def test_what_was_put_aside_follows_in_order_once_the_fault_is_mended(counter: Database) -> None:
    receive(counter, SUBSCRIPTION, messages(("a", 1, 1), ("a", 2, 13), ("a", 3, 2)))
    mended = Subscription(SUBSCRIPTION.reads, counting.load, _sum_all, counting.save)
    move_clock(counter, timedelta(seconds=2))
    assert replay_one(counter, mended)
    assert replay_one(counter, mended)
    assert not replay_one(counter, mended)
    assert totals(counter) == {"a": 16}
    assert put_aside(counter) == []
    receive(counter, SUBSCRIPTION, messages(("a", 2, 13), ("a", 3, 2)))
    assert totals(counter) == {"a": 16}


def _sum_all(value, event, now):  # type: ignore[no-untyped-def]
    total, version = value or (0, 0)
    return (total + event.data["number"], version + 1), []


def test_after_the_fourth_retry_an_event_is_parked_and_waits_for_a_person(counter: Database) -> None:
    receive(counter, SUBSCRIPTION, messages(("a", 1, 13), ("a", 2, 1)))
    for seconds in (1, 11, 71, 671):
        move_clock(counter, timedelta(seconds=seconds + 1))
        assert replay_one(counter, SUBSCRIPTION)
    move_clock(counter, timedelta(days=1))
    assert not replay_one(counter, SUBSCRIPTION)
    assert put_aside(counter) == [("a", 1, True), ("a", 2, False)]


def test_a_retry_waits_its_time(counter: Database) -> None:
    receive(counter, SUBSCRIPTION, messages(("a", 1, 13)))
    move_clock(counter, timedelta(seconds=2))
    assert replay_one(counter, SUBSCRIPTION)
    move_clock(counter, timedelta(seconds=11))
    assert not replay_one(counter, SUBSCRIPTION)
    move_clock(counter, timedelta(seconds=13))
    assert replay_one(counter, SUBSCRIPTION)


def test_a_retry_does_not_wait_for_a_clock_that_was_set_back(counter: Database) -> None:
    move_clock(counter, timedelta(hours=11))
    receive(counter, SUBSCRIPTION, messages(("a", 1, 13)))
    move_clock(counter, timedelta(0))
    assert replay_one(counter, SUBSCRIPTION)
    assert not replay_one(counter, SUBSCRIPTION)


def test_a_skipped_event_is_kept_with_its_reason_and_the_next_flows(counter: Database) -> None:
    receive(counter, SUBSCRIPTION, messages(("a", 1, 13), ("a", 2, 4)))
    with counter.transaction() as tx:
        row = aside.listed(tx)[0]
        assert aside.skip(tx, row["id"], "agreed with the centre")
    move_clock(counter, timedelta(seconds=2))
    assert replay_one(counter, SUBSCRIPTION)
    assert totals(counter) == {"a": 4}
    with counter.transaction() as tx:
        assert tx.execute(text("select subject, reason from skipped")).all() == [("a", "agreed with the centre")]


def test_a_parked_event_is_tried_again_when_a_person_says_so(counter: Database) -> None:
    receive(counter, SUBSCRIPTION, messages(("a", 1, 13)))
    with counter.transaction() as tx:
        tx.execute(text("update aside set parked_at = clock_now()"))
        assert aside.again(tx, aside.listed(tx)[0]["id"])
    assert replay_one(counter, Subscription(SUBSCRIPTION.reads, counting.load, _sum_all, counting.save))
    assert totals(counter) == {"a": 13}


@pytest.mark.parametrize(
    "broken",
    [
        Message({}, b"{}"),
        Message({**messages(("a", 1, 1))[0].headers, "cloudEvents:subject": "a\0"}, b'{"number": 1}'),
        Message({"cloudEvents:id": "\0 \ud800"}, b"{}"),
        Message(messages(("a", 1, 1))[0].headers, b"not json"),
        Message(messages(("a", 1, 1))[0].headers, b"\xff\xfe\x00"),
        Message(messages(("a", 1, 1))[0].headers, b"[]"),
    ],
)
def test_what_cannot_be_decoded_is_parked_and_its_neighbours_are_unharmed(counter: Database, broken: Message) -> None:
    receive(counter, SUBSCRIPTION, [broken, *messages(("b", 1, 7))])
    assert totals(counter) == {"b": 7}
    assert [parked for _, _, parked in put_aside(counter)] == [True]


def test_a_body_that_lacks_what_we_read_goes_aside_without_its_words(counter: Database) -> None:
    headers = messages(("a", 1, 1))[0].headers
    receive(counter, SUBSCRIPTION, [Message(headers, b'{"number": "call 13800000001"}')])
    with counter.transaction() as tx:
        assert [row["error"] for row in aside.listed(tx)] == ["ValidationError: number"]


class Killed(BaseException):
    """Stands for SIGKILL in the middle of a fold: nothing after it runs."""


def _deadly(value, event, now):  # type: ignore[no-untyped-def]
    if event.subject == "a":
        raise Killed
    return counting.fold(value, event, now)


def _rebuilding(tx, events):  # type: ignore[no-untyped-def]
    raise Rebuilding


LEFT_BY_THE_DATABASE = Subscription(SUBSCRIPTION.reads, _rebuilding, counting.fold, counting.save)
DEADLY = Subscription(SUBSCRIPTION.reads, counting.load, _deadly, counting.save)


def test_an_event_that_kills_the_process_goes_aside_at_its_third_kill_alone(counter: Database) -> None:
    batch = messages(("b", 1, 7), ("a", 1, 1), ("c", 1, 9), redelivered=True)
    kills = 0
    while put_aside(counter) != [("a", 1, False)]:
        with suppress(Killed):
            receive(counter, DEADLY, batch)
            break
        kills += 1
    assert kills == 1 + inbox.ALONE_ATTEMPTS
    assert totals(counter) == {"b": 7, "c": 9}
    assert attempts_left(counter) == 0


def attempts_left(database: Database) -> int:
    with database.transaction() as tx:
        return tx.execute(text("select count(*) from attempt")).scalar_one()  # type: ignore[no-any-return]


def test_what_a_hand_over_brings_again_is_applied_together(counter: Database) -> None:
    receive(
        counter, SUBSCRIPTION, messages(("s0", 1, 1))
    )  # the first connection of the pool asks for the server's settings
    batch = messages(*((f"s{n}", 2, 1) for n in range(100)), redelivered=True)
    with counted(counter) as statements:
        receive(counter, SUBSCRIPTION, batch)
    assert len(statements) <= 14
    assert len(totals(counter)) == 100 and attempts_left(counter) == 0


def test_what_is_brought_again_while_the_database_goes_away_is_still_applied_together(counter: Database) -> None:
    receive(counter, SUBSCRIPTION, messages(("s0", 1, 1)))
    batch = messages(*((f"s{n}", 2, 1) for n in range(100)), redelivered=True)
    with pytest.raises(Rebuilding):
        receive(counter, LEFT_BY_THE_DATABASE, batch)
    assert attempts_left(counter) == 100
    with counted(counter) as statements:
        receive(counter, SUBSCRIPTION, [replace(each, held=True) for each in batch])
    assert len(statements) <= 14
    assert len(totals(counter)) == 100 and attempts_left(counter) == 0


def test_an_event_that_fails_in_a_batch_brought_again_goes_aside_alone(counter: Database) -> None:
    with counter.transaction() as tx:
        tx.execute(text("alter table totals add check (total < 1000)"))
    receive(counter, SUBSCRIPTION, messages(("a", 1, 5), ("b", 1, 5000), ("c", 1, 7), redelivered=True))
    assert totals(counter) == {"a": 5, "c": 7}
    assert put_aside(counter) == [("b", 1, False)] and attempts_left(counter) == 0


def test_an_error_of_the_database_costs_only_the_event_that_causes_it(counter: Database) -> None:
    with counter.transaction() as tx:
        tx.execute(text("alter table totals add check (total < 1000)"))
    receive(counter, SUBSCRIPTION, messages(("a", 1, 5), ("b", 1, 5000), ("c", 1, 7)))
    assert totals(counter) == {"a": 5, "c": 7}
    assert put_aside(counter) == [("b", 1, False)]


def test_a_database_that_is_away_leaves_the_batch_with_the_caller(servers: object) -> None:
    away = Database("postgresql://sla:none@127.0.0.1:1/none")
    with pytest.raises(sqlalchemy.exc.OperationalError):
        receive(away, SUBSCRIPTION, messages(("a", 1, 5)))


def test_a_type_we_do_not_read_is_passed_over(counter: Database) -> None:
    subscription = Subscription({}, counting.load, counting.fold, counting.save)
    receive(counter, subscription, messages(("a", 1, 5)))
    assert totals(counter) == {}
    assert put_aside(counter) == []


def test_the_tick_comes_in_the_batchs_own_transaction(counter: Database) -> None:
    seen_by_tick = []

    def tick(tx: Connection, as_of: object) -> None:
        seen_by_tick.append(tx.execute(text("select sum(total) from totals")).scalar_one())

    subscription = Subscription(SUBSCRIPTION.reads, counting.load, counting.fold, counting.save, tick)
    with counter.transaction() as tx:
        now = tx.execute(text("select clock_now()")).scalar_one()
    receive(counter, subscription, messages(("a", 1, 5)), now)
    assert seen_by_tick == [5]


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    sqlalchemy.event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    sqlalchemy.event.remove(database.engine, "before_cursor_execute", note)


def test_a_batch_takes_the_same_number_of_statements_whatever_its_size(counter: Database) -> None:
    def cost(size: int, first: int) -> int:
        with counted(counter) as statements:
            inbox.apply(counter, SUBSCRIPTION, messages(*((f"s{n}", first, 1) for n in range(size))))
        return len(statements)

    cost(1, 1)  # the first connection of the pool asks the server for its settings
    assert cost(2, 2) == cost(100, 3) <= 8


Arrival = tuple[str, int]


@st.composite
def arrivals(draw: Callable[..., object]) -> Sequence[Sequence[Arrival]]:
    """Batches in which every event of two subjects arrives at least once, in order, amid any repeats."""
    sent = [("a", seq) for seq in range(1, 6)] + [("b", seq) for seq in range(1, 6)]
    order = draw(st.permutations(["a"] * 5 + ["b"] * 5))
    reached, flow = {"a": 0, "b": 0}, []
    for subject in order:
        reached[subject] += 1
        flow.append((subject, reached[subject]))
        flow.extend(draw(st.lists(st.sampled_from([s for s in sent if s[1] <= reached[s[0]]]), max_size=3)))
    cuts = sorted(draw(st.lists(st.integers(0, len(flow)), max_size=6)))
    return [flow[i:j] for i, j in zip([0, *cuts], [*cuts, len(flow)], strict=True)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=arrivals(), redelivered=st.booleans())
def test_any_interleaving_with_any_repeats_gives_the_same(
    counter: Database, batches: Sequence[Sequence[Arrival]], redelivered: bool
) -> None:
    with counter.transaction() as tx:
        tx.execute(text("truncate totals, seen, outbox, aside, attempt"))
    for batch in batches:
        receive(counter, SUBSCRIPTION, messages(*((s, n, 10**n) for s, n in batch), redelivered=redelivered))
    assert totals(counter) == {"a": 111110, "b": 111110}
    assert [(row["subject"], row["seq"]) for row in published(counter) if row["subject"] == "a"] == [
        ("a", seq) for seq in range(1, 6)
    ]
