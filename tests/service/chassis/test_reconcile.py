"""A producer's log against what its reader has seen, on real databases and a real broker."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import outbox
from chassis.delivery.broker import connect, drop
from chassis.delivery.envelope import Message
from chassis.delivery.inbox import receive
from chassis.delivery.relay import Relay
from chassis.delivery.replay import replay
from chassis.operating import comparison
from chassis.operating.comparison import Comparison, confirmed
from chassis.operating.reconcile import compare, newest
from chassis.operating.sections import Unreadable
from chassis.settings import Settings
from deploy.system.testbed import Vhost
from tests.service.chassis import counting
from tests.service.chassis.counting import ADDER, COUNTER, SUBSCRIPTION, TOPOLOGY, added, totals


def publish(adder: Database, relay: Relay, *events: tuple[str, int]) -> None:
    """Each event adds one to its subject."""
    with adder.transaction() as tx:
        outbox.put(tx, [added(subject, seq, 1) for subject, seq in events])
    while True:
        relay.step()
        with adder.transaction() as tx:
            if not tx.execute(text("select count(*) from outbox")).scalar_one():
                return


def taken(vhost: Vhost) -> list[Message]:
    """Everything in the queue, taken away for good."""
    connection = connect(vhost.uri(COUNTER), "test")
    channel, found = connection.channel(), []
    ready = channel.queue_declare("sla.inbox", passive=True).message_count
    channel.basic_consume("sla.inbox", callback=found.append, no_ack=True)
    while len(found) < ready:
        connection.drain_events(timeout=5)
    drop(connection)
    bodies = [each.body if isinstance(each.body, bytes) else each.body.encode() for each in found]
    return [Message(each.headers, body) for each, body in zip(found, bodies, strict=True)]


def place(message: Message) -> tuple[str, int]:
    return message.headers["cloudEvents:subject"], int(message.headers["cloudEvents:sequence"])


def hear(counter: Database, messages: Sequence[Message], lost: Sequence[tuple[str, int]] = ()) -> None:
    receive(counter, SUBSCRIPTION, [message for message in messages if place(message) not in lost])


def reconciled(adder: Database, counter: Database) -> Comparison:
    (result,) = compare(counter, COUNTER, newest(adder, TOPOLOGY, "xinan", ADDER))
    return result


def named(result: Comparison) -> set[tuple[str, str]]:
    return {(each.kind, each.subject) for each in result.differences}


def settings(adder: Database, vhost: Vhost) -> Settings:
    return Settings(profile="dev", database_url=str(adder.engine.url), amqp_uri=vhost.uri(ADDER))


def test_lost_events_are_named_by_their_subjects_and_a_replay_mends_it(
    adder: Database, counter: Database, relay: Relay, vhost: Vhost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.delivery.topology.load", lambda: TOPOLOGY)
    publish(adder, relay, *((f"s{n}", seq) for seq in (1, 2) for n in range(20)))
    hear(counter, taken(vhost), lost=[("s3", 2), ("s7", 1), ("s7", 2)])
    found = reconciled(adder, counter)
    assert named(found) == {("behind", "s3"), ("missing", "s7")}
    assert (found.subjects, found.behind, found.missing, found.ahead, found.differs) == (20, 1, 1, 0, True)
    (command,) = comparison.remedy(found)
    assert command.startswith("python -m services.intake replay --to sla --since ")
    since = datetime.fromisoformat(command.split()[-1])
    replay(adder, settings(adder, vhost), ADDER, "sla.inbox", since)
    hear(counter, taken(vhost))
    assert not reconciled(adder, counter).differs
    assert totals(counter) == {f"s{n}": 2 for n in range(20)}


def test_many_more_subjects_than_a_batch_are_compared_in_order(
    adder: Database, counter: Database, relay: Relay, vhost: Vhost
) -> None:
    subjects = [f"案{n}" if n % 3 else f"a{n}Z" for n in range(2500)]
    publish(adder, relay, *((subject, 1) for subject in subjects))
    hear(counter, taken(vhost), lost=[(subjects[999], 1), (subjects[2499], 1)])
    found = reconciled(adder, counter)
    assert (found.subjects, found.missing) == (2500, 2)
    assert named(found) == {("missing", subjects[999]), ("missing", subjects[2499])}


def test_a_reader_that_knows_more_than_the_log_tells_that_the_producer_lost_its_end(
    adder: Database, counter: Database, relay: Relay, vhost: Vhost
) -> None:
    publish(adder, relay, ("a", 1), ("a", 2), ("b", 1), ("c", 1))
    hear(counter, taken(vhost))
    with adder.transaction() as tx:
        tx.execute(text("delete from event_log where (subject, seq) in (('a', 2), ('c', 1))"))
    found = reconciled(adder, counter)
    assert named(found) == {("ahead", "a"), ("ahead", "c")}
    assert comparison.remedy(found) == ["intake lost the end of its log: docs/runbooks/restored-database.md"]


def test_subjects_older_than_the_log_are_no_difference(
    adder: Database, counter: Database, relay: Relay, vhost: Vhost
) -> None:
    publish(adder, relay, ("a", 1), ("b", 1))
    hear(counter, taken(vhost))
    with adder.transaction() as tx:
        tx.execute(text("delete from event_log where subject = 'a'"))
    found = reconciled(adder, counter)
    assert (found.differs, found.older, found.subjects) == (False, 1, 1)


def test_events_aside_are_not_lost_and_are_counted(
    adder: Database, counter: Database, relay: Relay, vhost: Vhost
) -> None:
    with adder.transaction() as tx:
        outbox.put(tx, [counting.added("a", 1, 13)])
    publish(adder, relay, ("b", 1))
    hear(counter, taken(vhost))
    found = reconciled(adder, counter)
    assert (found.differs, found.aside, found.subjects) == (False, 1, 2)


def test_what_was_only_under_way_is_no_difference_the_second_time(
    adder: Database, counter: Database, relay: Relay, vhost: Vhost
) -> None:
    publish(adder, relay, ("a", 1), ("b", 1))
    under_way = taken(vhost)
    first = reconciled(adder, counter)
    assert named(first) == {("missing", "a"), ("missing", "b")}
    hear(counter, under_way, lost=[("b", 1)])
    publish(adder, relay, ("a", 2), ("c", 1))
    second = reconciled(adder, counter)
    assert named(second) == {("behind", "a"), ("missing", "b"), ("missing", "c")}
    again = comparison.from_json(comparison.as_json(first))
    assert named(confirmed(again, second)) == {("missing", "b")}


def test_a_reader_that_was_only_quicker_than_the_question_is_no_difference(
    adder: Database, counter: Database, relay: Relay, vhost: Vhost
) -> None:
    publish(adder, relay, ("a", 1))
    lines = list(newest(adder, TOPOLOGY, "xinan", ADDER))
    publish(adder, relay, ("a", 2))
    hear(counter, taken(vhost))
    (first,) = compare(counter, COUNTER, lines)
    assert named(first) == {("ahead", "a")}
    assert not confirmed(first, reconciled(adder, counter)).differs


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda lines: lines[:-1], "cut off"),
        (lambda lines: [lines[0], *lines[2:]], "cut off"),
        (lambda lines: lines[1:], "a heading is missing"),
        (lambda lines: ["Traceback", *lines], "not a JSON object"),
        (lambda lines: [lines[0].replace('"reader": "sla"', '"reader": "notify"'), *lines[1:]], "meant for sla"),
        (lambda _: [], "meant for sla"),
    ],
)
def test_a_spoilt_answer_of_the_producer_is_refused(
    adder: Database, counter: Database, relay: Relay, spoil: object, sentence: str
) -> None:
    publish(adder, relay, ("a", 1), ("b", 1))
    lines = list(newest(adder, TOPOLOGY, "xinan", ADDER))
    with pytest.raises(Unreadable, match=sentence):
        compare(counter, COUNTER, spoil(lines))  # type: ignore[operator]


def test_each_reader_gets_its_own_part(adder: Database, relay: Relay) -> None:
    publish(adder, relay, ("a", 1))
    lines = [json.loads(line) for line in newest(adder, TOPOLOGY, "xinan", ADDER)]
    assert [sorted(line) for line in lines] == [
        ["producer", "reader", "source", "whole"],
        ["place", "since", "subject"],
        ["end"],
    ]
    assert datetime.fromisoformat(lines[1]["since"]) > datetime.now(UTC) - timedelta(minutes=5)
    assert list(newest(adder, TOPOLOGY, "xinan", ADDER, only="notify")) == []
