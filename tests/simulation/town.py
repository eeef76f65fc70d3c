"""The town: four databases, four queues, the processes of four services, and one seeded scheduler that runs them.

Every loop of every process is a green thread that gives way at named points: where a transaction begins and when it
has committed, while the broker is asked, at each failpoint of our code. There the scheduler goes on with another one,
lets time pass, or kills the process. Nothing here waits: when nobody has anything to do, the clock jumps to the moment
when somebody will.
"""

import heapq
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from greenlet import getcurrent, greenlet
from sqlalchemy.exc import OperationalError

from chassis.delivery.broker import PublishFailed
from services import SERVICES
from tests.simulation import sql_dispatch, sql_intake, sql_notify, sql_sla
from tests.simulation.faults import Faults
from tests.simulation.memory import Database, Refused
from tests.simulation.outside import Gateway, Printer, Queue
from tests.simulation.trouble import Crash, Trouble

START = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
SQL = {"intake": sql_intake, "dispatch": sql_dispatch, "sla": sql_sla, "notify": sql_notify}
MOST_TURNS = 20_000
FAILURE_SECONDS = 0.1
GIVES_WAY = 0.2
FORESEEN = (OperationalError, PublishFailed, Refused, ConnectionError)
NEVER = float("inf")
HOUR = 3600.0


class Restless(AssertionError):
    """The town does not come to rest."""


@dataclass(eq=False)
class Process:
    """One worker, or one request to a front door: its green threads die together."""

    name: str
    loops: list["Loop"] = field(default_factory=list)
    on_death: Callable[[], None] = lambda: None
    alive: bool = True


@dataclass(eq=False)
class Loop:
    """`step` does one turn and says after how many seconds to look again; `when` says when there is something to do."""

    process: Process
    name: str
    step: Callable[[], float]
    when: Callable[[], float]
    patient: bool = False  # may wait for ever: a clock that is not due yet is no unrest
    wake_at: float = 0.0
    amid: bool = False
    depth: int = 0
    thread: Any = None

    def next_at(self) -> float:
        return self.wake_at if self.amid else max(self.wake_at, self.when())


class Town:
    """One seed's world. `story` keeps what happened, where it is wanted."""

    def __init__(self, seed: int, tell: bool = False, favoured: Collection[str] = ()) -> None:
        self.seed, self.rng = seed, Random(seed)
        self.faults = Faults(self.rng, favoured)
        self.now, self.turns = 0.0, 0
        self.skew = {service: self.rng.choice((0.0, 0.0, self.rng.uniform(-1.5, 1.5))) for service in SERVICES}
        self.story: list[tuple[float, str, str, tuple[Any, ...]]] | None = [] if tell else None
        self.databases = {name: Database(name, self, SQL[name].MODELS, SQL[name].TABLES) for name in SERVICES}
        self.queues = {name: Queue(name) for name in SERVICES}
        self.gateway, self.printer = Gateway(self), Printer(self)
        self.broker_away_until = 0.0
        self.loops: list[Loop] = []
        self.errands: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = 0
        self.violations: list[tuple[str, str, str]] = []
        self.restarts: dict[str, Callable[[], None]] = {}
        self.trouble = Trouble(self)
        self.main = getcurrent()
        self.running: Loop | None = None

    # --- time ---

    def clock(self, service: str) -> datetime:
        """What `clock_now()` of this service's database says."""
        return START + timedelta(seconds=self.now + self.skew[service])

    def seconds(self, service: str, moment: datetime) -> float:
        """The town's time at which that service's clock will show `moment`."""
        return (moment - START).total_seconds() - self.skew[service]

    def at(self, moment: float, errand: Callable[[], None]) -> None:
        self.numbers += 1
        heapq.heappush(self.errands, (moment, self.numbers, errand))

    def tell(self, who: str, what: str, *about: Any) -> None:
        if self.story is not None:
            self.story.append((self.now, who, what, about))

    # --- what a database asks of its stage ---

    def chance(self, fault: str, what: str) -> bool:
        if self.running is None or not self.faults.strikes(fault):
            return False
        self.tell(self.running.name, fault.replace("_", " "), what)
        return True

    def point(self, name: str, *, switch: bool = True, hang: bool = True) -> None:
        """A place where a process may be killed, stand still, or be overtaken by others."""
        loop = self.running
        if loop is None:
            return
        if self.faults.strikes("crash"):
            self.faults.points[name] += 1
            self.tell(loop.name, "is killed at", name)
            raise Crash(name)
        if not switch:
            return
        if hang and self.faults.strikes("hang"):
            seconds = self.rng.choice((2.0, 12.0, 40.0, 65.0))
            self.tell(loop.name, f"stands still for {seconds:g} s at", name)
            self._give_way(loop, seconds)
        elif self.rng.random() < GIVES_WAY:
            self._give_way(loop, self.rng.random() * 0.05)

    def failpoint(self, name: str) -> None:
        """chassis.failpoints.hit, armed by the seed."""
        self.point(name, switch=False)

    def _give_way(self, loop: Loop, seconds: float) -> None:
        loop.amid, loop.wake_at = True, self.now + seconds
        self.running = None
        self.main.switch()
        self.running = loop

    # --- processes ---

    def start(self, process: Process) -> None:
        for loop in process.loops:
            loop.thread = greenlet(lambda loop=loop: self._live(loop), parent=self.main)
            loop.wake_at = max(loop.wake_at, self.now)
        self.loops += process.loops

    def _live(self, loop: Loop) -> bool:
        try:
            while True:
                try:
                    pause = loop.step()
                except Exception as error:
                    if not isinstance(error, FORESEEN):
                        self.violations.append((loop.name, f"failed by itself with {type(error).__name__}", str(error)))
                    self.tell(loop.name, "failed and will try again:", type(error).__name__)
                    pause = FAILURE_SECONDS
                if pause < 0:
                    break
                loop.amid, loop.wake_at = False, self.now + pause
                self.main.switch()
        except Crash:
            return True
        return False

    def kill(self, process: Process) -> None:
        """SIGKILL: every green thread of the process ends where it stands, its transactions roll back."""
        process.alive = False
        self.running = None
        for loop in process.loops:
            if loop in self.loops:
                self.loops.remove(loop)
            if loop.thread:  # it has begun and not ended
                loop.thread.throw(Crash)
        process.on_death()

    def close(self) -> None:
        """Ends every green thread: one that only waits keeps its whole town from being forgotten."""
        for loop in self.loops:
            if loop.thread:
                loop.thread.throw(Crash)
        self.loops.clear()

    def turn(self, end: float) -> bool:
        """Runs one step of whoever is ready, or lets the time pass; false at rest or at `end`."""
        self.turns += 1
        if self.turns > MOST_TURNS:
            raise Restless("the town does not come to rest")
        soonest, rest = NEVER, True
        start = self.rng.randrange(len(self.loops)) if self.loops else 0
        for loop in (*self.loops[start:], *self.loops[:start]):
            at = loop.next_at()
            if at <= self.now:
                self._resume(loop)
                self.trouble.strike()
                return True
            soonest, rest = min(soonest, at), rest and (loop.patient or at == NEVER)
        return self._wait(soonest, rest, end)

    def _wait(self, soonest: float, rest: bool, end: float) -> bool:
        """Nobody has anything to do now: on to the moment when somebody will."""
        coming = [at for at, _ in self.gateway.on_the_way] + [at for at, *_ in self.errands[:1]]
        soonest = min([soonest, *coming])
        if soonest == NEVER or (soonest > end and rest and not coming):
            return False
        self.now = max(self.now, soonest)
        self.gateway.arrive(self.now)
        self._run_errands()
        return True

    def _run_errands(self) -> None:
        while self.errands and self.errands[0][0] <= self.now:
            heapq.heappop(self.errands)[2]()

    def _resume(self, loop: Loop) -> None:
        self.now += self.rng.random() * 0.02
        self.running = loop
        crashed = loop.thread.switch()
        self.running = None
        if crashed:
            self.kill(loop.process)
        elif loop.thread.dead:
            self.loops.remove(loop)
        if self.errands and self.errands[0][0] <= self.now:
            self._run_errands()
