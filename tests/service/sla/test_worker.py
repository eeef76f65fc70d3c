"""The worker as a process of its own on a real broker: clocks fire once whoever watches, and never for news under way."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from chassis.delivery.broker import Outgoing, Publisher
from chassis.delivery.envelope import routing_key
from deploy.system.testbed import Vhost
from tests.service.sla.station import Station
from tests.service.worker import wait_for, worker
from tests.support.sla_life import Life, Told, after

OPEN = Life(accepted=0.5, dispatched=1, contacted=2)


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


def logged(station: Station, type_: str) -> int:
    return int(station.scalar("select count(*) from event_log where type = :type", type=type_))


@pytest.mark.timeout(120)
def test_two_workers_breach_every_case_once_and_tell_it_once(station: Station, broker: Vhost, tmp_path: Path) -> None:
    born = [replace(OPEN, number=f"XA20261124{n:06d}") for n in range(40)]
    logs = [tmp_path / "first", tmp_path / "second"]
    station.be_at(after(3), caught_up=False)
    with ExitStack() as running:
        for log in logs:
            running.enter_context(worker("sla", station.database, broker, log))
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
    with worker("sla", station.database, broker, log):
        publish(broker, [told for life in born for told in life.in_order()[:-2]])
        wait_for(lambda: station.scalar("select count(*) from clocks where kind = 'close'") == len(born), log)
    station.be_at(after(30), caught_up=False)
    publish(broker, [told for life in born for told in life.in_order()[-2:]])
    with worker("sla", station.database, broker, log):
        wait_for(lambda: station.scalar("select count(*) from clocks where status = 'met'") == 4 * len(born), log)
    assert station.scalar("select count(*) from firings") == 0
    assert station.scalar("select count(*) from cases where mark = 'green'") == len(born)
