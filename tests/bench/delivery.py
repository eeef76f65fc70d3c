"""How many events a second intake's relay moves from outbox to broker and log, and how many sla's consumer takes in.

    python tests/bench/delivery.py --cases 5000

Real servers of its own (fsync on), the recorded examples' events (a letter comes in and is accepted), one process each.
"""

import argparse
import functools
import json
import resource
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from chassis.database import Database  # noqa: E402
from chassis.delivery import inbox, outbox, topology  # noqa: E402
from chassis.delivery.consumer import Consumer  # noqa: E402
from chassis.delivery.envelope import Draft, source_of  # noqa: E402
from chassis.delivery.relay import Relay  # noqa: E402
from deploy.system import testbed  # noqa: E402
from deploy.system.testbed import Servers, Vhost  # noqa: E402
from services.sla.commands import SUBSCRIPTION  # noqa: E402

EVENTS = ROOT / "contracts" / "events" / "intake"
EXAMPLES = ("case.submitted.v1.examples/named.json", "case.accepted.v1.examples/rule.json")
GOAL = 10_000
say = functools.partial(print, flush=True)


def fill(database: Database, cases: int) -> int:
    """Both events of so many cases, waiting in the outbox; the median size of a body."""
    bodies = [json.loads((EVENTS / name).read_text(encoding="utf-8"))["body"] for name in EXAMPLES]
    types = [name.partition(".v1")[0] for name in EXAMPLES]
    for first in range(0, cases, 500):
        drafts = [
            Draft(type_, number, seq, body | {"number": number})
            for number in (f"XA20261124{n:06}" for n in range(first, min(first + 500, cases)))
            for seq, (type_, body) in enumerate(zip(types, bodies, strict=True), 1)
        ]
        with database.transaction() as tx:
            outbox.put(tx, drafts)
    with database.transaction() as tx:
        return int(tx.execute(text("select avg(octet_length(body)) from outbox")).scalar_one())


def rate(events: int, work: Callable[[], None]) -> str:
    """Runs it; events a second, and this process's own share of a core."""
    began, busy = time.perf_counter(), _cpu()
    work()
    seconds, own = time.perf_counter() - began, _cpu() - busy
    per_second = events / seconds
    return f"{per_second:8.0f} /s   {per_second / GOAL:5.2f} of the goal   {own / events * 1e6:6.0f} µs of own CPU an event"


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def relay(database: Database, vhost: Vhost) -> None:
    """Until the outbox is empty."""
    one = Relay(database, vhost.uri("intake"), "intake", source_of("xinan", "intake"), topology.load())
    while database.holds(text("select exists (select 1 from outbox)")):
        one.step()
    one.close()


def consume(database: Database, vhost: Vhost, events: int) -> None:
    """Until everything that was sent is committed."""
    done = 0

    def handle(messages: list[inbox.Message], as_of: object) -> None:
        nonlocal done
        inbox.receive(database, SUBSCRIPTION, messages)
        done += len(messages)
        if done >= events:
            consumer.stop()

    consumer = Consumer(vhost.uri("sla"), "sla.inbox", handle, "bench")  # type: ignore[arg-type]
    thread = threading.Thread(target=consumer.run)
    thread.start()
    thread.join()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=int, default=5000)
    cases = options.parse_args().cases
    with testbed.folder() as folder:
        servers = Servers(folder)
        try:
            intake, sla = (Database(servers.database(name), application="bench") for name in ("intake", "sla"))
            vhost, events = servers.vhost(), cases * len(EXAMPLES)
            say(f"{events} events, {fill(intake, cases)} bytes each")
            say(f"relay     {rate(events, lambda: relay(intake, vhost))}")
            say(f"consumer  {rate(events, lambda: consume(sla, vhost, events))}")
            intake.close()
            sla.close()
        finally:
            servers.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
