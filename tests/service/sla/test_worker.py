"""The worker as a process of its own on a real broker: clocks fire once whoever watches, and never for news under way."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chassis.broker import Outgoing, Publisher
from chassis.envelope import routing_key
from deploy.local.testbed import Vhost
from tests.service.sla.station import Station
from tests.unit.sla.life import Life, Told, after

ROOT = Path(__file__).parents[3]
DEADLINE = 30.0
OPEN = Life(accepted=0.5, dispatched=1, contacted=2)


@contextmanager
def worker(station: Station, broker: Vhost, log: Path) -> Iterator[None]:
    env = {
        **os.environ,
        "PROFILE": "dev",
        "DATABASE_URL": station.database.engine.url.render_as_string(hide_password=False),
        "AMQP_URI": broker.uri("sla"),
        "OPS_PORT": "0",
        "OPS_HOST": "127.0.0.1",
    }
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.sla", "worker"], cwd=ROOT, env=env, stdout=written, stderr=written
        )
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(15) == 0, log.read_text()


def publish(broker: Vhost, told: list[Told]) -> None:
    """Sends what intake and dispatch would, each as its own user."""
    for producer in ("intake", "dispatch"):
        outgoing = []
        for each in told:
            if each.producer == producer:
                sent = each.message()
                key = routing_key(each.draft.type)
                outgoing.append(Outgoing(f"{producer}.events", key, dict(sent.headers), sent.body.decode()))
        publisher = Publisher(broker.uri(producer), f"{producer} of the test")
        publisher.publish(outgoing)
        publisher.close()


def wait_for(fact: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + DEADLINE
    while not fact():
        assert time.monotonic() < until, log.read_text()[-4000:]
        time.sleep(0.05)


def logged(station: Station, type_: str) -> int:
    return int(station.scalar("select count(*) from event_log where type = :type", type=type_))


@pytest.mark.timeout(120)
def test_two_workers_breach_every_case_once_and_tell_it_once(station: Station, broker: Vhost, tmp_path: Path) -> None:
    born = [replace(OPEN, number=f"XA20261124{n:06d}") for n in range(40)]
    logs = [tmp_path / "first", tmp_path / "second"]
    station.be_at(after(3), caught_up=False)
    with ExitStack() as running:
        for log in logs:
            running.enter_context(worker(station, broker, log))
        publish(broker, [told for life in born for told in life.in_order()])
        wait_for(lambda: logged(station, "clock.met") == 3 * len(born), logs[0])
        station.be_at(after(25), caught_up=False)
        wait_for(lambda: logged(station, "clock.breached") >= len(born), logs[0])
        wait_for(lambda: station.scalar("select count(*) from outbox") == 0, logs[0])
    assert logged(station, "clock.breached") == logged(station, "clock.warned") == len(born)
    assert logged(station, "case.marked") == len(born)
    gaps = "select count(*) from (select subject from event_log group by 1 having max(seq) <> count(distinct seq)) s"
    assert station.scalar(gaps) == 0


@pytest.mark.timeout(120)
def test_sla_stopped_past_the_limits_of_cases_closed_in_time_breaches_none(
    station: Station, broker: Vhost, tmp_path: Path
) -> None:
    closed = replace(OPEN, replies=[(20, None)], closed=21)
    born = [replace(closed, number=f"XA20261124{n:06d}") for n in range(150)]
    log = tmp_path / "log"
    station.be_at(after(3), caught_up=False)
    with worker(station, broker, log):
        publish(broker, [told for life in born for told in life.in_order()[:-2]])
        wait_for(lambda: station.scalar("select count(*) from clocks where kind = 'close'") == len(born), log)
    station.be_at(after(30), caught_up=False)
    publish(broker, [told for life in born for told in life.in_order()[-2:]])
    with worker(station, broker, log):
        wait_for(lambda: station.scalar("select count(*) from clocks where status = 'met'") == 4 * len(born), log)
    assert station.scalar("select count(*) from firings") == 0
    assert station.scalar("select count(*) from cases where mark = 'green'") == len(born)
