"""The people around a running system: residents who write, officers who work, and an accountant who checks."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from chassis.database import Database
from deploy.demo import letters, stage
from deploy.demo.door import Door
from deploy.demo.ledger import Ledger
from deploy.demo.letters import Community, Letter
from deploy.demo.officers import Officers
from deploy.demo.residents import Residents
from deploy.system.testbed import SystemUnderTest
from referee.books import Books, Rest
from referee.evidence import gather
from referee.verdicts import Finding, judge
from services import SERVICES
from tests.support.clock import move_clock

TOPOLOGY = Path("contracts/topology.json").resolve()
LETTERS = Path("deploy/demo/letters.jsonl").resolve()
ORGANISATION = json.loads(Path("services/dispatch/data/organisation.demo.json").read_text(encoding="utf-8"))
COMMUNITIES = [Community(unit["code"], unit["name"]) for unit in ORGANISATION["units"] if unit["kind"] == "community"]


class Town:
    """A system under test with its people; every letter posted here is accounted for in `verdict`."""

    def __init__(self, system: SystemUnderTest) -> None:
        self.system = system
        self.urls = {service: system.database(service) for service in SERVICES}
        self.databases = {service: Database(url, pool_size=2) for service, url in self.urls.items()}
        self.books = Books(self.urls)
        self.door = Door(system.url)
        self.ledger = Ledger(system.folder.path / "demo" / "ledger.jsonl")
        self.ledger.write("opening", database_time=self.books.now().isoformat())
        self.residents = Residents(self.door, self.ledger)
        self.complaints: list[str] = []
        self._paper = [one for one in letters.read(LETTERS, COMMUNITIES) if _is_ordinary(one)]
        self._written = 0

    def write(self, count: int) -> list[str]:
        """Posts so many letters, one after the other; their numbers."""
        before = len(self.residents.posted)
        for _ in range(count):
            self.residents.post(self._next_letter())
        return [posted.number for posted in self.residents.posted[before:] if posted.number]

    def _next_letter(self) -> Letter:
        letter = self._paper[self._written % len(self._paper)]
        self._written += 1
        return letter

    def officers(self) -> Officers:
        """A shift of officers, not yet at work."""
        tokens: dict[tuple[str, str | None], str] = {}

        def token(role: str, unit: str | None) -> str:
            if (role, unit) not in tokens:
                tokens[role, unit] = self.system.token(role, unit)
            return tokens[role, unit]

        return Officers(self.door, token, [each.code for each in COMMUNITIES], self.complaints.append)

    def until(self, fact: Callable[[], bool], seconds: float = 60) -> None:
        """Waits for a fact; fails after `seconds`."""
        deadline = time.monotonic() + seconds
        while not fact():
            assert time.monotonic() < deadline, "the awaited fact never came"
            time.sleep(0.05)

    def rest(self, seconds: float = 120) -> None:
        """Waits until nothing is on its way any more."""
        self.until(Rest(self.books), seconds)

    def verdict(self) -> list[Finding]:
        """What was lost or done twice since the town opened; the one good answer is an empty list."""
        return judge(gather(self.system.folder.path, self.urls, TOPOLOGY))

    def move_clocks(self, shift: timedelta) -> None:
        """All four databases' clocks, at once and forward only."""
        for database in self.databases.values():
            move_clock(database, shift)

    def operator(self, service: str, *arguments: str) -> str:
        """Runs an operator's command of a service as he would; its output."""
        done = stage.run_python(["-m", f"services.{service}", *arguments], self.system.environment.of(service))
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    def close(self) -> None:
        self.ledger.close()
        for database in self.databases.values():
            database.close()


def _is_ordinary(letter: Letter) -> bool:
    return letter.body.get("identity") == "named" and len(str(letter.body.get("description", ""))) > 2
