"""Chooses by a seed what goes wrong and when: faults one after the other, failpoints beside them all the time."""

import itertools
import json
import random
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg2

from chassis import failpoints
from deploy.machine.folder import ROOT
from tests.chaos.faults import FAULTS, LASTS, MEASURED, OUTSIDE, Fault
from tests.chaos.people import People
from tests.chaos.stand import Stand

ACTIONS = ("kill", "kill", "raise", "raise", "delay", "hang")
ARMED_AT_ONCE, PATIENCE, BETWEEN = 4, 15.0, 2.0
BREATH = (0.5, 2.5)  # seconds between two faults: long enough to see that letters flow again
POINT = re.compile(r'failpoints\.hit\("([a-z._]+)"\)')


def points() -> list[str]:
    """Every failpoint in the code, by name."""
    sources = itertools.chain((ROOT / "chassis").rglob("*.py"), (ROOT / "services").rglob("*.py"))
    return sorted({point for source in sources for point in POINT.findall(source.read_text(encoding="utf-8"))})


def order(seed: int) -> Iterator[tuple[str, Fault]]:
    """Every kind of fault once, in an order of the seed's, then again; a kind of several ways takes another each time.

    The way is chosen by the seed too, so that runs with consecutive seeds go through all ways of all kinds. Faults of
    the outside come before all others.
    """
    chance = random.Random(seed)
    for turn in itertools.count(seed):
        round_ = [(kind, ways[turn % len(ways)]) for kind, ways in sorted(FAULTS.items())]
        chance.shuffle(round_)
        yield from sorted(round_, key=lambda fault: _part(fault[1], chance))


def _part(fault: Fault, chance: random.Random) -> int:
    """Where in a round: the outside's first, what lasts long after the kills that are measured."""
    if fault in OUTSIDE:
        return 0
    if fault in MEASURED:
        return 1
    return 2 if fault in LASTS else chance.choice((1, 2))


class Nemesis:
    """`run(seconds)` does faults until the time is up and every one has been undone."""

    def __init__(self, stand: Stand, people: People, seed: int) -> None:
        self.stand, self.people, self.seed = stand, people, seed
        self.faults: list[str] = []
        self._over, self._calm = threading.Event(), threading.Event()
        self._lasting: list[threading.Thread] = []

    def run(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        arming = threading.Thread(target=self._arm, name="failpoints", daemon=True)
        chance = random.Random(self.seed)
        for kind, fault in order(self.seed):
            if time.monotonic() > until:
                break
            if fault not in OUTSIDE and not arming.is_alive():
                arming.start()
            self._do(kind, fault, random.Random(chance.random()))
            time.sleep(chance.uniform(*BREATH))
        self._over.set()
        for thread in (arming, *self._lasting):
            thread.join(90)

    def _do(self, kind: str, fault: Fault, chance: random.Random) -> None:
        if fault in LASTS:
            thread = threading.Thread(target=self._inject, args=(kind, fault, chance), daemon=True)
            self._lasting.append(thread)
            thread.start()
        elif fault in MEASURED:
            self._inject_alone(kind, fault, chance)
        else:
            self._inject(kind, fault, chance)

    def _inject_alone(self, kind: str, fault: Fault, chance: random.Random) -> None:
        self._calm.set()
        time.sleep(failpoints.HANG_SECONDS if self._hangs() else 0)
        Flows(self.stand).wait()  # what came before is over
        flows = Flows(self.stand)
        self._inject(kind, fault, chance)
        flows.wait()
        self._calm.clear()

    def _inject(self, kind: str, fault: Fault, chance: random.Random) -> None:
        """A fault that can't be done because of another (its database is down) is not counted as done."""
        steps = fault(self.stand, self.people, chance)
        about = {"fault": kind, "name": fault.__name__}
        try:
            about["target"] = next(steps)
            self.stand.notes.write("faults", **about, what="begin")
            for _ in steps:
                pass
            self.faults.append(kind)
        except Exception as error:
            self.stand.notes.write("not_done", **about, error=f"{type(error).__name__}: {error}"[:200])
        finally:
            if "target" in about:
                self.stand.notes.write("faults", **about, what="end")

    def _hangs(self) -> bool:
        hits = self.stand.failpoints / "hits.jsonl"
        lines = [json.loads(line) for line in hits.read_text().splitlines()[-5:]] if hits.exists() else []
        since = (datetime.now(UTC) - timedelta(seconds=failpoints.HANG_SECONDS)).isoformat()
        return any(line["action"] == "hang" and line["at"] > since for line in lines)

    def _arm(self) -> None:
        chance, armed = random.Random(-self.seed), dict[str, float]()
        every = [(point, action) for point in points() for action in ACTIONS]
        chance.shuffle(every)
        for point, action in itertools.cycle(every):
            while len(self._still(armed)) >= ARMED_AT_ONCE or self._calm.is_set():
                if self._over.wait(0.2):
                    return
            if self._over.wait(BETWEEN):
                return
            armed[point] = time.monotonic() + PATIENCE
            (self.stand.failpoints / point).write_text(f"{action} {chance.randint(1, 3)}")

    def _still(self, armed: dict[str, float]) -> dict[str, float]:
        for point, until in list(armed.items()):
            file = self.stand.failpoints / point
            if time.monotonic() > until or self._calm.is_set():
                file.unlink(missing_ok=True)
            if not file.exists():
                del armed[point]
        return armed


class Flows:
    """Whether a letter posted from now on has gone all the way: taken in, dispatched, its closing clock started."""

    def __init__(self, stand: Stand) -> None:
        self.stand, self.since = stand, datetime.now(UTC)

    def wait(self, seconds: float = 35.0) -> None:
        deadline = time.monotonic() + seconds
        while not self._again() and time.monotonic() < deadline:
            time.sleep(0.2)

    def _again(self) -> bool:
        try:
            return bool(self._numbers("intake", "case.submitted") & self._numbers("sla", "clock.started"))
        except psycopg2.Error:
            return False

    def _numbers(self, service: str, type_: str) -> set[str]:
        with self.stand.database(service) as cursor:
            cursor.execute(
                """
                select subject from event_log where type = %s and published_at > %s
                and (type <> 'clock.started' or cast(body as jsonb) ->> 'kind' = 'close')""",
                (type_, self.since),
            )
            return {subject for (subject,) in cursor.fetchall()}


def heal(stand: Stand) -> None:
    """Undoes whatever a fault that was broken off may have left."""
    for point in stand.failpoints.iterdir():
        if point.name != "hits.jsonl":
            point.unlink(missing_ok=True)
    stand.undo()
