"""The workers of the four services: their own loops, fed by the town's database, broker, gateway and printer."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

from chassis.delivery import inbox, probe, retrier
from chassis.delivery.consumer import Consumer
from chassis.delivery.envelope import source_of
from chassis.delivery.relay import Relay
from chassis.delivery.topology import load
from services.intake.domain import contacts as contact_rules
from services.notify.commands.printing import print_signed
from services.notify.commands.proposing import propose_when_due
from services.notify.commands.residents import send_to_residents
from services.notify.commands.sender import Sender
from services.notify.commands.staff import send_to_staff
from services.notify.commands.unknown import resolve_unknown
from services.sla.commands import Firing
from tests.simulation.doors import writer_of
from tests.simulation.ground import SUBSCRIPTIONS
from tests.simulation.outside import Channel, Publisher
from tests.simulation.sql_sla import retried_subjects
from tests.simulation.town import NEVER, Loop, Process, Town

NOTIFY = SimpleNamespace(
    sms_window=60.0, sms_signature="新安街道办", telephone="0755-12345678", letter_code="宝新警示",
    letter_issuer="深圳市宝安区新安街道办事处", letter_street="新安街道", letters_dir=None, print_seconds=30,
)  # fmt: skip
WORKERS = {"intake": 1, "dispatch": 1, "sla": 2, "notify": 2}
ENOUGH = 6  # looks for the telephone of a post nobody has told of; for ever after, they would only cost turns
IDLE = {"residents": 0.05, "staff": 0.1, "resolver": 0.5, "proposer": 1.0, "printer": 0.2, "clocks": 0.025}


def staff(town: Town) -> None:
    """Starts every worker of every service."""
    for service, workers in WORKERS.items():
        for number in range(1, workers + 1):
            _start(town, service, f"{service}-{number}")


def _start(town: Town, service: str, name: str) -> None:
    process = Process(name)
    process.on_death = lambda: town.at(town.now + town.rng.uniform(0.3, 3.0), lambda: _start(town, service, name))
    town.restarts[name] = process.on_death
    process.loops = [_relay(town, service, process), _inbox(town, service, process), _retrier(town, service, process)]
    process.loops += _OWN.get(service, lambda *_: [])(town, process)
    town.start(process)
    town.tell(name, "starts")


def _relay(town: Town, service: str, process: Process) -> Loop:
    database, name = town.databases[service], f"{process.name} relay"
    relay = Relay(database, "", service, source_of("xinan", service), load())  # type: ignore[arg-type]
    relay.publisher = Publisher(town, name)  # type: ignore[assignment]
    relay.checked = NEVER  # queues are never missing here: chaos deletes them
    outbox = database.tables["outbox"]
    return Loop(process, name, relay.step, lambda: town.broker_away_until if outbox else NEVER)


def _inbox(town: Town, service: str, process: Process) -> Loop:
    """chassis.delivery.consumer's own settling: handled, then acknowledged; a lost connection is made anew."""
    database, queue, subscription = town.databases[service], town.queues[service], SUBSCRIPTIONS[service]
    handle = partial(inbox.receive, database, subscription)
    consumer = Consumer("", f"{service}.inbox", handle, process.name, retry_seconds=0.0)  # type: ignore[arg-type]
    side = SimpleNamespace(channel=None)

    def step() -> float:
        if side.channel is None or not side.channel.open:
            if queue.holder is not None:
                return 0.2
            side.channel, consumer.arrived = queue.attach(), []
        channel: Channel = side.channel
        consumer.arrived += queue.give(town.rng.choice((1, 2, 5, 50)))  # type: ignore[arg-type]
        try:
            while consumer.arrived:
                consumer._settle(channel, channel, consumer._take())  # type: ignore[arg-type]
        except ConnectionError:
            town.tell(process.name, "could not acknowledge, its connection was lost")
            side.channel = None
        return 0.0

    def when() -> float:
        mine = side.channel is not None and queue.holder is side.channel
        return queue.quiet_until if queue.ready and (mine or queue.holder is None) else NEVER

    died = process.on_death

    def on_death() -> None:
        if side.channel is not None and queue.holder is side.channel:
            queue.lose()
        died()

    process.on_death = on_death
    return Loop(process, f"{process.name} inbox", step, when)


def _retrier(town: Town, service: str, process: Process) -> Loop:
    database, subscription = town.databases[service], SUBSCRIPTIONS[service]
    rows = database.tables["aside"]

    def step() -> float:
        return 0.0 if retrier.replay_one(database, subscription) else 0.5  # type: ignore[arg-type]

    def due(row: Mapping[str, Any]) -> datetime | None:
        """Only the first row of a subject can be tried; those behind it wait."""
        first = all(r["id"] >= row["id"] for r in rows.values() if r["subject"] == row["subject"])
        return row["next_try"] if first and row["parked_at"] is None else None

    return Loop(process, f"{process.name} retrier", step, _soonest(town, service, "aside", due))


def _soonest(
    town: Town, service: str, table: str, moment_of: Callable[[Mapping[str, Any]], datetime | None]
) -> Callable[[], float]:
    """When the first row of a table wants something; reckoned again only after a commit."""
    database, rows = town.databases[service], town.databases[service].tables[table]
    known = [-1.0, NEVER]

    def when() -> float:
        if known[0] != database.version:
            moments = [moment for row in rows.values() if (moment := moment_of(row)) is not None]
            known[:] = database.version, town.seconds(service, min(moments)) if moments else NEVER
        return known[1]

    return when


def _sla(town: Town, process: Process) -> list[Loop]:
    database, firing = town.databases["sla"], Firing()
    prober = Publisher(town, f"{process.name} probe")
    aside = database.tables["aside"]
    # The claim leaves out a case whose events are being tried again; looking for it meanwhile would only cost turns.
    due = _soonest(
        town, "sla", "clocks", lambda row: None if row["number"] in retried_subjects(aside) else row["next_at"]
    )
    queue, looked_at = town.queues["sla"], [-1]

    def fire() -> float:
        looked_at[0] = database.version
        more = firing.turn(database)  # type: ignore[arg-type]
        return 0.0 if more else IDLE["clocks"]

    def send_probe() -> float:
        probe.send(database, prober, "sla")  # type: ignore[arg-type]
        return probe.EVERY_SECONDS

    def when_to_look() -> float:
        """What a look did not fire is only worth another one once something was committed."""
        at = due()
        return NEVER if at <= town.now and looked_at[0] == database.version else at

    def when_to_probe() -> float:
        """While the queue holds messages, another probe behind them says nothing new."""
        return max(due(), town.broker_away_until) if not queue.ready and not queue.unacked else NEVER

    return [
        Loop(process, f"{process.name} clocks", fire, when_to_look, patient=True),
        Loop(process, f"{process.name} probe", send_probe, when_to_probe, patient=True),
    ]


def _notify(town: Town, process: Process) -> list[Loop]:
    database = town.databases["notify"]
    sender = Sender(
        database=database,  # type: ignore[arg-type]
        settings=NOTIFY,  # type: ignore[arg-type]
        gateway=town.gateway,
        ask=partial(ask, town),
    )
    windows, posts = database.tables["windows"], database.tables["posts"]

    def due(audience: str) -> Callable[[Mapping[str, Any]], datetime | None]:
        def moment(row: Mapping[str, Any]) -> datetime | None:
            if row["state"] != "pending" or row["audience"] != audience:
                return None
            post = posts.get(row["recipient"])
            if audience == "unit" and post is None and row["attempts"] >= ENOUGH:
                return None
            window = windows.get(post["mobile"]) if post else None
            opens = window["opened_at"] + timedelta(seconds=60) if window else row["next_try"]
            return max(row["next_try"], opens)

        return moment

    turns: dict[str, tuple[Callable[[], bool], Callable[[], float]]] = {
        "residents": (
            partial(send_to_residents, sender),
            _soonest(town, "notify", "messages", due("resident")),
        ),
        "staff": (
            partial(send_to_staff, sender),
            _soonest(town, "notify", "messages", due("unit")),
        ),
        "resolver": (
            partial(resolve_unknown, sender),
            _soonest(town, "notify", "sms", lambda row: row["lease_until"] if row["state"] == "claimed" else None),
        ),
        "proposer": (
            partial(propose_when_due, database),  # type: ignore[arg-type]
            _soonest(town, "notify", "cases", lambda row: row["letter_due"]),
        ),
        "printer": (
            partial(print_signed, database, NOTIFY),  # type: ignore[arg-type]
            _soonest(town, "notify", "letters", lambda row: row["print_after"] if row["state"] == "signed" else None),
        ),
    }

    def loop(name: str) -> Loop:
        turn, when = turns[name]
        return Loop(process, f"{process.name} {name}", lambda: 0.0 if turn() else IDLE[name], when)

    return [loop(name) for name in turns]


def ask(town: Town, template: str, numbers: Sequence[str]) -> Mapping[str, Mapping[str, str]] | None:
    """Intake's answer without its envelope: sealing is tested elsewhere and would cost more than a whole case."""
    town.point("asking intake")
    if town.faults.strikes("contacts_silent"):
        return None
    fields = contact_rules.fields_for(template, len(numbers))
    identities = town.databases["intake"].tables["identities"]
    known = {number: writer_of(identities[number]["sealed"]) for number in numbers if number in identities}
    given = {number: contact_rules.contact(writer, fields) for number, writer in known.items()}
    return {number: each for number, each in given.items() if each}


_OWN: dict[str, Callable[[Town, Process], list[Loop]]] = {"sla": _sla, "notify": _notify}
