"""The play: who takes part, and the five scenes in order."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from deploy.demo import accounts, letters
from deploy.demo.door import Door
from deploy.demo.ledger import Ledger
from deploy.demo.letters import Community, Letter
from deploy.demo.officers import Officers
from deploy.demo.residents import Residents
from deploy.demo.stage import Stage, wait_for
from deploy.demo.story import Story
from deploy.machine.child import bare
from referee.books import Books, Rest
from referee.evidence import lines

HERE = Path(__file__).parent
SHANGHAI = ZoneInfo("Asia/Shanghai")
SHIPPED = HERE / "letters.jsonl"


class Play:
    """Everyone who takes part, on one stage. `file` holds the letters; nobody touches `left_alone` cases."""

    def __init__(self, stage: Stage, story: Story, file: Path, left_alone: int, seed: int) -> None:
        self.stage, self.story, self.left_alone = stage, story, left_alone
        self.folder = stage.run / "demo"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.door, self.books = Door(stage.origin), Books(stage.databases)
        self.units = self._units()
        communities = [Community(u["code"], u["name"]) for u in self.units if u["kind"] == "community" and u["active"]]
        self.letters: list[Letter] = letters.read(file, communities, seed)
        self.waiting = list(self.letters)  # not yet posted
        self.ledger = Ledger(self.folder / "ledger.jsonl")
        self.ledger.write("opening", database_time=self.books.now().isoformat())
        self._sms_before = self._sms_lines()
        self.residents = Residents(self.door, self.ledger)
        self.officers = Officers(self.door, stage.token, [community.code for community in communities], self._complain)
        self.background = ThreadPoolExecutor(2, thread_name_prefix="background")
        self.chapter = self.books.here()  # where the event logs stood when the scene began
        self.traffic: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Play":
        self._start_traffic()
        return self

    def __exit__(self, *_: object) -> None:
        self.residents.stop()
        self.officers.stop()
        self.background.shutdown()
        if self.traffic:
            self.traffic.terminate()
            self.traffic.wait(10)
        self.ledger.close()
        self.door.close()
        accounts.write_outcomes(self.folder / "outcomes.jsonl", self.residents.posted, self.outcomes())

    def numbers(self) -> set[str]:
        """The cases of all letters that were taken in."""
        return {each.number for each in self.residents.posted if each.number}

    def outcomes(self) -> dict[str, str]:
        """Where every case stands now, by number."""
        refused = dict(self.books.rows("intake", "select number, state from cases where state <> 'accepted'"))
        return refused | dict(self.books.rows("dispatch", "select number, state from cases where state <> 'submitted'"))

    def sms(self) -> list[dict[str, Any]]:
        """What the gateway took since the demo began."""
        return list(lines(self.stage.run / "sms.jsonl"))[self._sms_before :]

    def sms_about(self, template: str, cases: list[str]) -> list[str]:
        """Texts of the SMS that carried messages of one template about these cases, once they were sent."""
        statement = """
            select cast(id as text) from messages
            where template = %(template)s and case_number = any(%(cases)s) and state = 'sent'"""
        ids = {id_ for (id_,) in self.books.rows("notify", statement, template=template, cases=cases)}
        return [sms["text"] for sms in self.sms() if ids & set(sms["messages"])] if ids else []

    def come_to_rest(self, seconds: float) -> None:
        """Wait until nothing is on its way any more. Raises Stuck."""
        wait_for(Rest(self.books), seconds, "the system did not come to rest", tick=0.3)

    def _units(self) -> list[dict[str, Any]]:
        answer = self.door.get("/api/dispatch/v1/units", self.stage.token("centre", "CENTRE"))
        if not answer.ok:
            raise RuntimeError(f"the list of units was refused: {answer.status} {answer.code}")
        units: list[dict[str, Any]] = answer.data["units"]
        return sorted(units, key=lambda unit: str(unit["code"]))

    def _sms_lines(self) -> int:
        return sum(1 for _ in lines(self.stage.run / "sms.jsonl"))

    def _start_traffic(self) -> None:
        if not self.stage.traffic_uri:
            return
        record = self.folder / "traffic.jsonl"
        record.unlink(missing_ok=True)
        env = bare() | {"AMQP_URI": self.stage.traffic_uri, "RECORD": str(record)}
        with (self.folder / "traffic.txt").open("wb") as out:
            self.traffic = subprocess.Popen(
                [sys.executable, str(HERE / "subscriber.py")], env=env, stdout=out, stderr=out, start_new_session=True
            )

    def _complain(self, sentence: str) -> None:
        self.story.say(f"    ！办理受阻 an officer could not go on: {sentence}")


def clock_time(value: str | datetime) -> str:
    """Date and time as a resident reads it, in Shanghai."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{at.astimezone(SHANGHAI):%m月%d日%H:%M:%S}"
