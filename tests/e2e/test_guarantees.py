"""What the system promises whatever happens to its parts, each on real processes, the real broker and databases."""

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.delivery import topology
from deploy.system.testbed import SystemUnderTest
from services import SERVICES
from tests.e2e.town import Town

pytestmark = pytest.mark.long
SETTINGS = {
    "intake": {"ACCEPT_AUTOMATICALLY": "true"},
    "notify": {"SMS_WINDOW": "1"},
    "all": {"RETRY_SECONDS": "0.2,0.2,0.2,0.2"},
}


@pytest.fixture(scope="module")
def town(system: SystemUnderTest) -> Iterator[Town]:
    made = Town(system)
    yield made
    made.close()


def holds(town: Town, service: str, numbers: list[str]) -> bool:
    """Whether a service knows all these cases."""
    known = town.books.one(service, "select count(*) from cases where number = any(%(numbers)s)", numbers=numbers)
    return bool(known == len(numbers))


def test_letters_are_taken_in_while_the_broker_is_down_and_arrive_once(town: Town) -> None:
    rabbit = town.system.servers.rabbit
    rabbit.kill()
    numbers = town.write(20)
    assert len(numbers) == 20
    assert town.books.outbox("intake") >= 20
    rabbit.start()
    town.rest()
    assert holds(town, "sla", numbers)
    assert town.verdict() == []


def test_a_handler_that_raises_loses_nothing_and_holds_only_its_own_case(town: Town) -> None:
    town.rest()
    worker = town.system.processes["sla-worker"]
    worker.stop()
    broken, sound = town.write(2)
    with fault_in(town.databases["sla"], broken):
        worker.start()
        town.until(lambda: holds(town, "sla", [sound]))
        town.until(
            lambda: town.books.one("sla", "select count(parked_at) from aside where subject = %(n)s", n=broken) > 0
        )
        assert not holds(town, "sla", [broken])
    retry_all(town, "sla")
    town.until(lambda: holds(town, "sla", [broken]))
    town.rest()
    assert town.verdict() == []


class fault_in:  # noqa: N801 - reads as a sentence where it stands
    """Every change of one case's row fails: the handler's error of this one case, and of no other."""

    def __init__(self, database: Database, number: str) -> None:
        self.database, self.number = database, number

    def __enter__(self) -> None:
        with self.database.transaction() as tx:
            tx.execute(
                text(f"""
                    create function fail() returns trigger language plpgsql as
                        $$ begin if new.number = '{self.number}' then raise exception 'a fault of this test'; end if;
                           return new; end $$;
                    create trigger fail before insert or update on cases for each row execute function fail();
                """)
            )

    def __exit__(self, *_: object) -> None:
        with self.database.transaction() as tx:
            tx.execute(text("drop trigger fail on cases; drop function fail()"))


def retry_all(town: Town, service: str) -> None:
    """What an operator does once the fault is mended."""
    for (id_,) in town.books.rows(service, "select id from aside where parked_at is not null order by id"):
        town.operator(service, "aside", "replay", str(id_))


def test_repeated_events_change_nothing(town: Town) -> None:
    town.write(5)
    town.rest()
    before = pictures(town)
    since = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    for producer, consumer in itertools.permutations(SERVICES, 2):
        if f"{producer}.events" in topology.load().bindings[f"{consumer}.inbox"]:
            town.operator(producer, "replay", "--to", consumer, "--since", since)
    town.rest()
    assert pictures(town) == before
    assert town.verdict() == []


def pictures(town: Town) -> dict[str, str]:
    """The whole state of the four services as one hash each."""
    tables = {
        "intake": ("cases",), "dispatch": ("cases",), "sla": ("cases", "clocks"), "notify": ("cases", "messages", "letters"),
    }  # fmt: skip
    return {
        f"{service}.{table}": town.books.one(
            service, f"select md5(string_agg(md5(cast(t as text)), '' order by cast(t as text))) from {table} t"
        )
        for service, named in tables.items()
        for table in named
    }


def test_a_deleted_inbox_stops_the_relays_until_it_was_filled_again(town: Town) -> None:
    town.write(3)
    town.rest()
    rabbit, vhost = town.system.servers.rabbit, town.system.vhost.name
    since = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    rabbit.api("DELETE", f"/queues/{vhost}/sla.inbox")
    numbers = town.write(5)
    for producer in ("intake", "dispatch"):
        town.until(lambda service=producer: town.books.one(service, "select count(*) from halt") == 1)
    stopped = 'lianxin_relay_stopped{process="worker",reason="queue_missing",service="intake"} 1.0'
    town.until(lambda: stopped in town.system.processes["intake-worker"].ops("/metrics")[1])
    passwords = {user: rabbit.password(user) for user in topology.load().users}
    topology.apply(rabbit.management, passwords, vhost)
    for producer in ("intake", "dispatch"):
        town.operator(producer, "replay", "--to", "sla", "--since", since)
    town.rest()
    assert holds(town, "sla", numbers)
    assert town.verdict() == []


@pytest.mark.timeout(300)
def test_two_replicas_of_every_worker_double_nothing(town: Town) -> None:
    second = [town.system.processes.add(service) for service in SERVICES]
    for replica in second:
        replica.launch()
    for replica in second:
        replica.wait()
    officers = town.officers()
    officers.start()
    numbers = town.write(40)
    town.until(lambda: closed(town, numbers), 150)
    officers.stop()
    for replica in second:
        replica.stop()
    town.rest()
    assert town.verdict() == []


def closed(town: Town, numbers: list[str]) -> bool:
    statement = "select count(*) from cases where state = 'closed' and number = any(%(numbers)s)"
    return bool(town.books.one("dispatch", statement, numbers=numbers) == len(numbers))


@pytest.mark.timeout(600)
def test_twenty_rolling_restarts_under_load_lose_double_and_reorder_nothing(town: Town) -> None:
    officers, stop = town.officers(), threading.Event()
    writing = threading.Thread(target=lambda: [town.write(1) for _ in iter(lambda: stop.wait(0.1), True)])
    officers.start()
    writing.start()
    times = []
    for service in itertools.islice(itertools.cycle(SERVICES), 20):
        times.append(town.system.processes[f"{service}-worker"].restart())
    stop.set()
    writing.join()
    town.rest(240)
    officers.stop()
    town.rest(120)
    assert max(times) < 10
    assert town.verdict() == []
    assert town.complaints == []


def test_cases_closed_in_time_never_breach_though_sla_was_stopped_past_their_limits(town: Town) -> None:
    town.rest()
    worker = town.system.processes["sla-worker"]
    numbers = town.write(3)
    town.rest()
    worker.stop()
    officers = town.officers()
    officers.start()
    town.until(lambda: closed(town, numbers), 100)
    officers.stop()
    town.move_clocks(timedelta(hours=80))
    worker.start()
    town.until(lambda: marks(town, numbers) == {"green"})
    breached = [each["number"] for each in town.books.events("sla", "clock.breached")]
    assert not set(breached) & set(numbers)
    town.rest()
    assert town.verdict() == []


def marks(town: Town, numbers: list[str]) -> set[str]:
    return {mark for (mark,) in town.books.rows("sla", "select mark from cases where number = any(%(n)s)", n=numbers)}
