"""The faults, one function each: does it, holds it for a while, undoes it. The table at the end names them all.

Every function gets the stand and a seeded chance, and yields between doing and undoing: what it yields is what it
was done to. Numbers F1 to F19 are the fault list's (docs/reliability.md).
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

from services import SERVICES
from tests.chaos import hostile, mail
from tests.chaos.people import People
from tests.chaos.stand import QUOTA_SERVICE, Stand

Fault = Callable[[Stand, People, random.Random], Iterator[str]]
READERS = ("intake", "dispatch", "sla", "notify")
DAY = timedelta(hours=25)
AHEAD = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=11))
"""How far one clock jumps. Once before a day passes and once after, that is still less than the 48 hours an Idempotency-Key is
kept: a client that tries again for a minute must not have waited two days by the database's clock."""


def pause(chance: random.Random, least: float, most: float) -> None:
    """How long a fault lasts: chosen by the seed."""
    time.sleep(chance.uniform(least, most))


def broker_killed(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    yield "broker"
    stand.supervisor.held.add("broker")
    stand.rabbit.kill()
    pause(chance, 0.0, 3.0)
    stand.supervisor.held.discard("broker")
    _until(lambda: stand.rabbit.child.running, 20)


def postgres_killed(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    service = chance.choice(SERVICES)
    yield f"postgres-{service}"
    stand.supervisor.held.add(f"postgres-{service}")
    stand.clusters[service].kill()
    pause(chance, 0.0, 2.0)
    stand.supervisor.held.discard(f"postgres-{service}")
    _until(lambda: stand.clusters[service].child.running, 20)


def service_killed(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    name = chance.choice(sorted(stand.system.processes.all))
    yield name
    stand.system.processes[name].kill()
    _until(lambda: stand.system.processes[name].running, 20)


def sender_killed(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """Both senders die while the gateway has a request in hand and has not answered it."""
    yield "notify-worker"
    mail.mode(stand.gateway_port, "slow", 2.5)
    before = mail.taken(stand.path)
    if _until(lambda: mail.taken(stand.path) > before, 15):
        for name in ("notify-worker", "notify-worker-2"):
            stand.system.processes[name].kill()
    mail.mode(stand.gateway_port, "ok")


def confirms_forgotten(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """The relay rolls back what the broker has confirmed, and publishes it again."""
    service = chance.choice(SERVICES)
    yield f"{service}-worker"
    for _ in range(3):
        _arm(stand, "relay.confirmed", "raise", f"{service}-worker")
        pause(chance, 1.0, 2.0)
    _disarm(stand, "relay.confirmed")


def published_again(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    consumer = chance.choice(READERS)
    yield f"{consumer}.inbox"
    mail.publish_again(stand, consumer, chance, times=chance.randint(2, 10), newest=True)


def old_events(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """What was published long ago arrives once more, in no order."""
    consumer = chance.choice(READERS)
    yield f"{consumer}.inbox"
    mail.publish_again(stand, consumer, chance, times=1, newest=False)


def clocks_apart(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """One database's clock runs ahead, jumps, or goes back; at the end all four are as far as the furthest."""
    service = chance.choice((*SERVICES, "sla"))
    base = mail.shift(stand, service)
    yield f"postgres-{service}"
    far = chance.choice(AHEAD)
    for step in chance.choice(((far,), (far, timedelta(0)), (timedelta(seconds=4), timedelta(0)) * 3)):
        stand.move_clock(service, base + step)
        pause(chance, 0.5, 2.5)


def clock_set_back_on_what_waits(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """A clock runs ahead while things are given their next moment by it, then goes back: none waits until then.

    Events are put aside and tried again; at notify the gateway is busy and a sender dies with a claim in hand, too.
    """
    service = chance.choice((*READERS, "notify"))
    base = mail.shift(stand, service)
    yield f"postgres-{service}"
    stand.move_clock(service, base + chance.choice(AHEAD))
    mail.publish_poison(stand, service, chance)
    if service == "notify":
        _arm(stand, "sending.claimed", "kill", "notify-worker")
        mail.mode(stand.gateway_port, "refuse_429", 1.0)
    pause(chance, 1.0, 2.5)
    stand.move_clock(service, base)
    if service == "notify":
        mail.mode(stand.gateway_port, "ok")
        _disarm(stand, "sending.claimed")


def all_due_at_once(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """A day passes in a moment, for everybody alike: every open clock is due."""
    yield "postgres-sla"
    furthest = max(mail.shift(stand, service) for service in SERVICES) + DAY
    for service in SERVICES:
        stand.move_clock(service, furthest)
    pause(chance, 2.0, 4.0)


def same_request_a_thousand_times(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    yield "intake-api"
    hostile.storm(people, clients=25, requests=1000)


def database_disk_full(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    yield f"postgres-{QUOTA_SERVICE}"
    stand.ballast(True)
    pause(chance, 3.0, 6.0)
    stand.ballast(False)


def broker_disk_full(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    yield "broker"
    stand.rabbit.control("set_disk_free_limit", "900GB")
    pause(chance, 3.0, 6.0)
    stand.rabbit.control("set_disk_free_limit", "50MB")


def broker_memory_alarm(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    yield "broker"
    stand.rabbit.control("set_vm_memory_high_watermark", "absolute", "1MB")
    pause(chance, 3.0, 6.0)
    stand.rabbit.control("set_vm_memory_high_watermark", "absolute", "1GB")


def database_slow(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    link = f"{chance.choice(SERVICES)}-postgres"
    yield link
    stand.proxies.turn(link, "latency", chance.uniform(0.1, 0.6))
    pause(chance, 4.0, 7.0)
    stand.proxies.turn(link, "pass")


def table_locked(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """Somebody holds a table for himself, in a transaction that does nothing."""
    service, table = chance.choice(SERVICES), chance.choice(("outbox", "cases", "seen"))
    yield f"postgres-{service}"
    with stand.database(service, autocommit=False) as cursor, suppress(Exception):
        cursor.execute("set idle_in_transaction_session_timeout = 0")
        cursor.execute(f"lock table {table} in access exclusive mode")
        pause(chance, 3.0, 8.0)


def partition(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """A link goes deaf, mute or both for a while, or its connections are cut or reset."""
    link = f"{chance.choice(SERVICES)}-{chance.choice(('postgres', 'broker'))}"
    yield link
    stand.proxies.turn(link, chance.choice(("black_hole", "deaf", "mute", "reset", "cut", "refuse")))
    pause(chance, 5.0, 9.0)
    stand.proxies.turn(link, "pass")


def process_frozen(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """A process stands still past every lease and heartbeat, then goes on as if nothing had been."""
    name = chance.choice([name for name in sorted(stand.system.processes.all) if "worker" in name])
    yield name
    process = stand.system.processes[name]
    if not process.running:
        return
    pid = process.pid
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(60 if os.environ.get("HOURS") else chance.uniform(32, 40))
        os.kill(pid, signal.SIGCONT)


def poison(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """Messages nobody can read, and some that can be read and not used."""
    consumer = chance.choice(READERS)
    yield f"{consumer}.inbox"
    mail.publish_poison(stand, consumer, chance)


def handler_that_kills(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """An event whose handling kills the process, at every delivery, until it is put aside."""
    service = chance.choice(READERS)
    yield f"{service}-worker"
    for _ in range(5):
        _arm(stand, "inbox.inside", "kill", f"{service}-worker")
        _until(lambda: not (stand.failpoints / "inbox.inside").exists(), 4)
    _disarm(stand, "inbox.inside")


def gateway_fails(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    yield "gateway"
    wish = chance.choice(("down", "slow", "taken_then_500", "taken_then_cut", "refuse_429", "repeated_answer"))
    mail.mode(stand.gateway_port, wish, 4.0 if wish == "slow" else 1.0)
    pause(chance, 5.0, 8.0)
    mail.mode(stand.gateway_port, "ok")


def gateway_unreachable(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    yield "gateway"
    stand.proxies.turn("gateway", chance.choice(("refuse", "black_hole", "reset", "mute")))
    pause(chance, 5.0, 8.0)
    stand.proxies.turn("gateway", "pass")


def hostile_clients(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    """Bodies too large, too slow, with too many fields."""
    yield "intake-api"
    hostile.too_much(stand, people, chance)


def hostile_letters(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    yield "intake-api"
    hostile.malformed(stand, people, chance)


def subscriber_never_acks(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    yield "subscriber"
    (stand.path / "subscriber.mode").write_text("never_acks")
    pause(chance, 6.0, 12.0)
    (stand.path / "subscriber.mode").write_text("normal")


def subscriber_dead(stand: Stand, people: People, chance: random.Random) -> Iterator[str]:
    yield "subscriber"
    stand.supervisor.held.add("subscriber")
    stand.subscriber.kill()
    pause(chance, 8.0, 15.0)
    stand.supervisor.held.discard("subscriber")


FAULTS: dict[str, tuple[Fault, ...]] = {
    "F1": (broker_killed,),
    "F2": (postgres_killed,),
    "F3": (service_killed, sender_killed),
    "F4": (confirms_forgotten, published_again),
    "F5": (old_events,),
    "F6": (clocks_apart, clock_set_back_on_what_waits),
    "F7": (database_disk_full, broker_disk_full),
    "F8": (broker_memory_alarm,),
    "F9": (database_slow, table_locked),
    "F10": (partition,),
    "F11": (process_frozen,),
    "F12": (poison, handler_that_kills),
    "F13": (gateway_fails, gateway_unreachable),
    "F14": (hostile_clients,),
    "F15": (hostile_letters,),
    "F16": (same_request_a_thousand_times, all_due_at_once),
    "F19": (subscriber_never_acks, subscriber_dead),
}
OUTSIDE = frozenset({poison, gateway_fails, gateway_unreachable, subscriber_never_acks, subscriber_dead})
"""Faults of others, which come first and by themselves: nobody inside may be the slower for them."""
MEASURED = frozenset({broker_killed, postgres_killed, service_killed})
"""Kills after which nothing else is done until letters have gone all the way again: how long that took is judged."""
LASTS = frozenset({process_frozen, subscriber_dead, subscriber_never_acks})
"""Faults that go on beside others: waiting for their end would fill the run."""


def _until(fact: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _arm(stand: Stand, point: str, action: str, process: str) -> None:
    new = stand.failpoints / f".{point}.{threading.get_ident()}"
    new.write_text(f"{action} 1 {process}")
    new.rename(stand.failpoints / point)


def _disarm(stand: Stand, point: str) -> None:
    (stand.failpoints / point).unlink(missing_ok=True)
