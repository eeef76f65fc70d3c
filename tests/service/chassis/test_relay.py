"""The way out, on the real broker and the real database."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import outbox, topology
from chassis.delivery import relay as relaying
from chassis.delivery.broker import connect, drop
from chassis.delivery.envelope import Draft, source_of
from chassis.delivery.relay import Relay
from chassis.delivery.replay import replay
from chassis.settings import Settings
from deploy.system.testbed import Servers, Vhost
from tests.service.chassis.conftest import apply_topology
from tests.service.chassis.counting import ADDER, COUNTER, TOPOLOGY, added


def put(database: Database, *drafts: Draft) -> None:
    with database.transaction() as tx:
        outbox.put(tx, drafts)


def waiting(database: Database) -> list[str]:
    with database.transaction() as tx:
        return list(tx.execute(text("select type || ' ' || subject || ' ' || seq from outbox order by id")).scalars())


def logged(database: Database) -> list[tuple[str, int]]:
    with database.transaction() as tx:
        return [(r.subject, r.seq) for r in tx.execute(text("select subject, seq from event_log order by position"))]


def arrived(vhost: Vhost, count: int) -> list[tuple[int, str]]:
    """The next `count` messages of the inbox as (sequence, subject)."""
    connection, taken = connect(vhost.uri(COUNTER), "test"), []
    channel = connection.channel()
    channel.basic_consume("sla.inbox", callback=lambda message: taken.append(message.headers), no_ack=True)
    while len(taken) < count:
        connection.drain_events(timeout=5)
    drop(connection)
    return [(int(headers["cloudEvents:sequence"]), headers["cloudEvents:subject"]) for headers in taken]


def drain(relay: Relay, database: Database, turns: int = 50) -> None:
    for _ in range(turns):
        relay.step()
        if not waiting(database):
            return


def test_events_leave_in_order_and_are_logged(adder: Database, relay: Relay, vhost: Vhost) -> None:
    put(adder, *(added("a", seq, 1) for seq in range(1, 4)), added("b", 1, 1))
    relay.step()
    assert waiting(adder) == []
    assert logged(adder) == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]
    assert arrived(vhost, 4) == [(1, "a"), (2, "a"), (3, "a"), (1, "b")]


def test_a_change_that_is_rolled_back_publishes_nothing(adder: Database, relay: Relay) -> None:
    with suppress(ZeroDivisionError), adder.transaction() as tx:
        outbox.put(tx, [added("a", 1, 1)])
        raise ZeroDivisionError
    relay.step()
    assert logged(adder) == []


def test_an_event_over_64_kb_is_refused_when_the_command_runs(adder: Database) -> None:
    with pytest.raises(outbox.TooLarge), adder.transaction() as tx:
        outbox.put(tx, [Draft("added", "a", 1, {"text": "字" * 22_000})])


def test_without_a_broker_events_wait_and_nothing_raises(adder: Database) -> None:
    lonely = Relay(adder, "amqp://nobody:nothing@127.0.0.1:1/%2F", ADDER, source_of("xinan", ADDER), TOPOLOGY)
    put(adder, added("a", 1, 1))
    assert lonely.step() == relaying.BROKER_AWAY_SECONDS
    assert waiting(adder) == ["added a 1"]


def test_two_relays_at_once_double_and_reorder_nothing(adder: Database, relay: Relay, vhost: Vhost) -> None:
    put(adder, *(added("a", seq, 1) for seq in range(1, 1201)))
    second = Relay(adder, vhost.uri(ADDER), ADDER, source_of("xinan", ADDER), TOPOLOGY)
    threads = [threading.Thread(target=drain, args=(each, adder)) for each in (relay, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    second.close()
    drain(relay, adder)
    assert logged(adder) == [("a", seq) for seq in range(1, 1201)]
    assert arrived(vhost, 1200) == [(seq, "a") for seq in range(1, 1201)]


def test_a_row_the_broker_refuses_is_held_with_its_subjects_later_rows_and_others_flow(
    servers: Servers, adder: Database, relay: Relay, vhost: Vhost
) -> None:
    relay.step()
    servers.rabbit.api("DELETE", f"/bindings/{vhost.name}/e/intake.events/q/sla.inbox/added")
    put(adder, added("a", 1, 1))
    relay.step()
    assert waiting(adder) == ["added a 1"]
    apply_topology(servers, vhost.name)
    put(adder, added("a", 2, 1), added("b", 1, 1))
    relay.step()
    assert logged(adder) == [("b", 1)]
    assert waiting(adder) == ["added a 1", "added a 2"]
    with adder.transaction() as tx:
        assert tx.execute(text("select held_because from outbox where held")).scalars().all() == [
            "no queue is bound to added on intake.events"
        ]
        tx.execute(text("update outbox set held = false"))
    drain(relay, adder)
    assert logged(adder) == [("b", 1), ("a", 1), ("a", 2)]


def test_a_type_nobody_of_ours_reads_is_published_all_the_same(adder: Database, relay: Relay) -> None:
    put(adder, Draft("subtracted", "a", 1, {}))
    relay.step()
    assert logged(adder) == [("a", 1)]


def test_a_deleted_inbox_stops_the_relay_until_a_replay_has_filled_it(
    servers: Servers,
    adder: Database,
    relay: Relay,
    vhost: Vhost,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relaying, "CHECK_QUEUES_SECONDS", 0.0)
    put(adder, added("a", 1, 1))
    relay.step()
    servers.rabbit.api("DELETE", f"/queues/{vhost.name}/sla.inbox")
    put(adder, added("a", 2, 1))
    relay.step()
    apply_topology(servers, vhost.name)
    relay.step()
    assert waiting(adder) == ["added a 2"], "a queue made anew must not get the second event before the first"
    with adder.transaction() as tx:
        assert relaying.halts(tx) == ["sla.inbox"]
    monkeypatch.setattr(topology, "load", lambda: TOPOLOGY)
    settings = Settings(profile="dev", database_url="postgresql://", amqp_uri=vhost.uri(ADDER))
    assert replay(adder, settings, ADDER, "sla.inbox", datetime.now(UTC) - timedelta(hours=1)) == 1
    relay.step()
    assert arrived(vhost, 2) == [(1, "a"), (2, "a")]


def test_an_event_without_a_reader_is_not_held_where_the_readers_queue_was_lost(
    servers: Servers, adder: Database, relay: Relay, vhost: Vhost
) -> None:
    put(adder, added("a", 1, 1))
    relay.step()
    servers.rabbit.api("DELETE", f"/queues/{vhost.name}/sla.inbox")
    put(adder, added("a", 2, 1))
    relay.step()
    with adder.transaction() as tx:
        assert relaying.halts(tx) == ["sla.inbox"]
        assert relaying.gauges(tx)["held"] == 0


def test_a_queue_missing_before_anything_was_published_needs_no_replay(
    servers: Servers, adder: Database, relay: Relay, vhost: Vhost
) -> None:
    servers.rabbit.api("DELETE", f"/queues/{vhost.name}/sla.inbox")
    put(adder, added("a", 1, 1))
    relay.step()
    assert waiting(adder) == ["added a 1"]
    apply_topology(servers, vhost.name)
    relay.step()
    assert logged(adder) == [("a", 1)]


def test_a_restored_database_is_not_relayed_from_until_its_epoch_rose(
    adder: Database, empty_database: Callable[[str], Database]
) -> None:
    with adder.transaction() as tx:
        relaying.check_producer(tx)
        tx.execute(text("update producer set system_identifier = 1"))
    with pytest.raises(relaying.RestoredDatabase, match="restored"), adder.transaction() as tx:
        relaying.check_producer(tx)
    with adder.transaction() as tx:
        assert relaying.restored(tx) == 2
        relaying.check_producer(tx)


def test_the_logs_partitions_are_made_ahead_and_dropped_when_old(adder: Database) -> None:
    with adder.transaction() as tx:
        tx.execute(
            text(
                "create table event_log_2020w02 partition of event_log for values from ('2020-01-06') to ('2020-01-13')"
            )
        )
    relaying.maintain(adder)
    with adder.transaction() as tx:
        names = set(tx.execute(text("select inhrelid\\:\\:regclass\\:\\:text from pg_inherits")).scalars())
    assert "event_log_2020w02" not in names
    assert len([name for name in names if "w" in name.rsplit("_", 1)[-1]]) == 5
