"""Who uses the system during a run: residents who write without pause, officers and leaders who work."""

import json
import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from deploy.demo import letters, open_cases
from deploy.demo.door import Door, NoAnswer
from deploy.demo.ledger import Ledger
from deploy.demo.letters import Community, Letter
from deploy.demo.officers import Officers, moment
from deploy.demo.residents import SUBMIT, Residents
from deploy.machine.folder import ROOT
from tests.chaos.stand import Stand

LETTERS = ROOT / "deploy" / "demo" / "letters.jsonl"
ORGANISATION = ROOT / "services" / "dispatch" / "data" / "organisation.demo.json"
EVERY_SECONDS, HANDS = 0.3, 12  # one letter every so often, from so many telephones at once
REPEATED_ONE_IN, SIGNED = 12, 25
MESSAGES = "/api/notify/v1/letters"
PLAN = open_cases.Plan(
    left_alone=8,
    turning_yellow=6,
    yellow_in=timedelta(seconds=20),
    red_in=timedelta(seconds=35),
    apart=timedelta(seconds=7),
)


class Writers(Residents):
    """Residents who remember what they posted under which key, to post some of it again."""

    def __init__(self, door: Door, ledger: Ledger) -> None:
        super().__init__(door, ledger)
        self.known: list[tuple[str, Letter, str]] = []  # key, letter, number

    def _once(self, letter: Letter, key: str) -> Any:
        answer = super()._once(letter, key)
        if answer is not None and answer.ok:
            self.known.append((key, letter, answer.data["number"]))
        return answer

    def again(self, chance: random.Random) -> None:
        """The same key once more: with the same letter, or with another one, which must be refused."""
        if not self.known:
            return
        key, letter, _ = chance.choice(self.known)
        same = chance.random() < 0.7
        body = dict(letter.body) if same else dict(letter.body) | {"description": "同一个号，另一封信：请修路灯。"}
        try:
            answer = self.door.post(SUBMIT, body, key=key)
        except NoAnswer:
            return
        number = answer.data.get("number") if answer.ok else None
        self.ledger.write("repeated", key=key, same=same, status=answer.status, number=number, code=answer.code)


class People:
    """Everyone at work from `start` until `go_home`."""

    def __init__(self, stand: Stand, seed: int) -> None:
        self.stand, self.chance = stand, random.Random(seed)
        self.door = Door(stand.system.url)
        self.ledger = Ledger(stand.path / "demo" / "ledger.jsonl")
        with stand.database("intake") as cursor:
            cursor.execute("select clock_now()")
            self.ledger.write("opening", database_time=cursor.fetchone()[0].isoformat())
        units = json.loads(ORGANISATION.read_text(encoding="utf-8"))["units"]
        self.units = [
            unit["code"] for unit in units if unit.get("active", True) and unit["kind"] in ("community", "office")
        ]
        communities = [Community(unit["code"], unit["name"]) for unit in units if unit["kind"] == "community"]
        self.paper = letters.read(LETTERS, communities, seed)
        self.writers = Writers(self.door, self.ledger)
        self.tokens: dict[tuple[str, str | None], str] = {}
        self.complaints: list[str] = []
        self.officers = Officers(self.door, self.token, [each.code for each in communities], self.complaints.append)
        self._written = 0
        self._signed: set[str] = set()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._write, self._sign)]
        self._pool = ThreadPoolExecutor(HANDS, thread_name_prefix="resident")

    def token(self, role: str, unit: str | None) -> str:
        """A development token, one for each role and unit."""
        if (role, unit) not in self.tokens:
            self.tokens[role, unit] = self.stand.system.token(role, unit)
        return self.tokens[role, unit]

    def start(self) -> None:
        """Old cases first, whose true limits run out during the run; then everybody begins."""
        self._take_over(self.stand.path / "open-cases.csv")
        self.officers.start()
        for thread in self._threads:
            thread.start()

    def _take_over(self, file: Path) -> None:
        with self.stand.database("intake") as cursor:
            cursor.execute("select clock_now()")
            now = cursor.fetchone()[0]
        cases = open_cases.invent(PLAN, now, self.units[:: max(1, len(self.units) // 12)], uuid.uuid4().hex[:8])
        open_cases.write(file, cases)
        self.officers.hands_off |= {at for at in (moment(case.dispatched_at.isoformat()) for case in cases) if at}
        self.stand.system.command("intake", "import", str(file))

    def next_letter(self) -> Letter:
        """The letters of the file, again and again."""
        self._written += 1
        letter = self.paper[self._written % len(self.paper)]
        # Numbers no officer has: whoever else is told of one was told of a resident's.
        own = {"mobile": f"1389{self._written:07d}"} if letter.body.get("mobile") else {}
        return replace(letter, body=dict(letter.body) | own)

    def _write(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            self._pool.submit(self.writers.post, self.next_letter())
            if self.chance.randrange(REPEATED_ONE_IN) == 0:
                self._pool.submit(self.writers.again, self.chance)

    def _sign(self) -> None:
        while not self._stopping.wait(1.0):
            self.sign_what_waits()

    def sign_what_waits(self) -> None:
        """A leader signs what is proposed; each unit acknowledges what it got."""
        try:
            for letter in self._listed("proposed"):
                self._decide(letter["id"])
            for letter in self._listed("issued"):
                self.door.post(f"{MESSAGES}/{letter['id']}/acknowledge", {}, self.token("unit", letter["unit"]))
        except NoAnswer:
            return

    def _decide(self, letter: str) -> None:
        """The first ones are signed; with hundreds of them, paper would be all this machine makes."""
        self._signed.add(letter)
        what, body = ("sign", {}) if len(self._signed) <= SIGNED else ("decline", {"reason": "情况已说明，不再发函。"})
        self.door.post(f"{MESSAGES}/{letter}/{what}", body, self.token("leader", None), key=f"{what}-{letter}")

    def _listed(self, state: str) -> list[dict[str, Any]]:
        answer = self.door.get(f"{MESSAGES}?state={state}&limit=100", self.token("leader", None))
        return list(answer.data["letters"]) if answer.ok else []

    def go_home(self) -> None:
        """No new letter; those on the way are posted to the end, officers finish what they have in hand."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)
        self._pool.shutdown(wait=True)
        self.officers.stop()
        self.ledger.close()
