"""What goes wrong around the processes and with single events, and how it ends."""

from typing import TYPE_CHECKING, Any

from chassis.delivery.envelope import headers, routing_key, source_of
from tests.simulation.outside import BINDINGS, Delivery, Queue

if TYPE_CHECKING:
    from tests.simulation.town import Town

READ_BY = sorted(
    (exchange.removesuffix(".events"), reader)
    for (exchange, key), readers in BINDINGS.items()
    for reader in readers
    if key == f"to.{reader}.inbox"
)


class Crash(BaseException):
    """This process is killed: no handler of ours sees it, as none sees SIGKILL."""


class Poison(ValueError):
    """An event that can't be understood, for now."""


class Trouble:
    """One town's bad luck. `poisoned` and `deadly`: how often each event will still fail, or kill, at each reader."""

    def __init__(self, town: "Town") -> None:
        self.town = town
        self.poisoned: dict[tuple[str, str], int] = {}
        self.deadly: dict[tuple[str, str], int] = {}

    def strike(self) -> None:
        """Between two steps of whoever runs: perhaps something happens around them."""
        kind = self.town.faults.struck_around()
        if kind is not None:
            getattr(self, f"_{kind}")()

    def _restart(self) -> None:
        process = self.town.rng.choice(self.town.loops).process if self.town.loops else None
        if process and process.name in self.town.restarts:
            self.town.tell(process.name, "is killed at rest")
            self.town.kill(process)

    def _time_jump(self) -> None:
        minutes = self.town.rng.choice((1, 5, 20, 60))
        self.town.tell("time", f"jumps by {minutes} minutes")
        self.town.now += minutes * 60

    def _broker_away(self) -> None:
        self.town.broker_away_until = self.town.now + self.town.rng.choice((0.5, 5.0, 60.0, 3000.0))
        self.town.tell("broker", f"is away for {self.town.broker_away_until - self.town.now:.1f} s")
        for queue in self.town.queues.values():
            queue.lose()
            queue.quiet_until = max(queue.quiet_until, self.town.broker_away_until)

    def _connection_lost(self) -> None:
        queue = self._queue()
        self.town.tell(f"{queue.service}.inbox", f"loses its consumer; {queue.lose()} messages come back")

    def _delivery_delayed(self) -> None:
        queue = self._queue()
        queue.quiet_until = max(
            queue.quiet_until, self.town.now + self.town.rng.choice((0.2, 3.0, 30.0, 900.0, 7200.0))
        )
        self.town.tell(f"{queue.service}.inbox", f"gives nothing for {queue.quiet_until - self.town.now:.1f} s")

    def _queue(self) -> Queue:
        return self.town.rng.choice(list(self.town.queues.values()))

    def _late_duplicate(self) -> None:
        self.repeat(*self.town.rng.choice(READ_BY), only_one=True)

    def _replay(self) -> None:
        self.repeat(*self.town.rng.choice(READ_BY), only_one=False)

    def repeat(self, producer: str, service: str, *, only_one: bool) -> None:
        """`replay --to`: what the producer logged for this queue comes once more, in order; or one event of it."""
        logged = [
            row
            for row in self.town.databases[producer].tables["event_log"].values()
            if service in BINDINGS.get((f"{producer}.events", routing_key(row["type"], 1, row["restricted"])), ())
        ]
        if logged and only_one:
            logged = [self.town.rng.choice(logged)]
        for row in logged:
            self.town.queues[service].ready.append(Delivery(headers(source_of("xinan", producer), row), row["body"]))
        self.town.tell(f"{service}.inbox", f"gets {len(logged)} old events of {producer} once more")

    def hears(self, service: str, event: Any) -> None:
        """An event is about to be folded; some can't be, and some kill."""
        key = (service, event.id + event.source)
        if key not in self.poisoned:
            self.poisoned[key] = self.town.rng.choice((1, 2, 4, 9)) if self.town.faults.strikes("fold_fails") else 0
            self.deadly[key] = self.town.rng.choice((1, 2, 4)) if self.town.faults.strikes("event_kills") else 0
        if self.poisoned[key]:
            self.poisoned[key] -= 1
            self.town.tell(service, "can't understand", event)
            raise Poison
        if self.deadly[key]:
            self.deadly[key] -= 1
            self.town.tell(service, "is killed by", event)
            raise Crash("event")
        self.town.tell(service, "hears", event)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self.town.faults.heal()
        self.poisoned = dict.fromkeys(self.poisoned, 0)
        self.deadly = dict.fromkeys(self.deadly, 0)
        self.town.broker_away_until = self.town.now
        for queue in self.town.queues.values():
            queue.quiet_until = self.town.now
        self.town.tell("nemesis", "stops: everything works from here on")
