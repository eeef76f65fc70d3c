"""What residents, officers and leaders do, over the APIs they have, and what four databases say came of it.

Nothing here knows how a service works inside, but for what can be looked up: the event logs, and what is still on its
way. Every wait is for a fact and has a deadline.
"""

import importlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
import requests
from sqlalchemy import text

from chassis import clock
from chassis.database import Database
from chassis.delivery.envelope import source_of
from deploy.system.testbed import SystemUnderTest
from services import SERVICES
from tests.support.clock import move_clock

T = TypeVar("T")
DEADLINE = 90.0  # for a machine that many share; an idle one needs a second
LOOK = 0.05  # seconds between two looks for a fact

# The clock the rules run by moves last, so that whoever hears of a limit stands behind it already.
CLOCKS = ("intake", "dispatch", "notify", "sla")

METRO = "灵芝地铁站A出口电动车乱停乱放，无人管理，不仅行人无法通行，商家也不能正常营业。"
LETTER: Mapping[str, Any] = {
    "kind": "complaint",
    "name": "张三",
    "mobile": "13800000001",
    "description": METRO,
    "place": "灵芝地铁站A出口",
    "community": "C01",
    "identity": "named",
}
"""Sure enough for the rule: it is dispatched to the community by itself."""


def until(fact: Callable[[], T], what: str, seconds: float = DEADLINE) -> T:
    """The first true value of `fact()`; the test fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := fact()):
        if time.monotonic() > deadline:
            pytest.fail(f"after {seconds:.0f} s still not so: {what}")
        time.sleep(LOOK)
    return found


@dataclass(frozen=True)
class Receipt:
    """What the resident took away."""

    number: str
    query_code: str


@dataclass(frozen=True)
class Told:
    """An event as its producer's log has it; `data` is read, `row` is the row itself."""

    producer: str
    type: str
    subject: str
    seq: int
    data: Mapping[str, Any]
    row: Mapping[str, Any]

    @property
    def case(self) -> str:
        """The case it is about; the unit's code for a unit."""
        return str(self.row["partitionkey"])


class People:
    """The street with its running system: everybody who writes, decides, works and reads there."""

    def __init__(self, system: SystemUnderTest) -> None:
        self.system = system
        self.databases = {
            service: Database(system.database(service), pool_size=2, application="test") for service in SERVICES
        }
        self.http = requests.Session()
        self.receipts: list[Receipt] = []

    def close(self) -> None:
        """Lets go of databases and connections."""
        self.http.close()
        for database in self.databases.values():
            database.close()

    # --- residents ---

    def submit(self, **changes: Any) -> Receipt:
        """A letter comes in: LETTER with `changes`; a field that is None is left out."""
        letter = {name: value for name, value in {**LETTER, **changes}.items() if value is not None}
        answer = self._ask("POST", "intake", "/cases", letter, expect=201)
        self.receipts.append(Receipt(answer["number"], answer["query_code"]))
        return self.receipts[-1]

    def progress(self, receipt: Receipt) -> dict[str, Any]:
        """How the resident sees the case stand."""
        return self._ask("GET", "intake", f"/cases/{receipt.number}", headers={"Query-Code": receipt.query_code})

    def supplement(self, receipt: Receipt, text: str) -> None:
        """The resident adds to the letter."""
        self._hold(receipt, "supplements", {"text": text})

    def withdraw(self, receipt: Receipt) -> None:
        """The resident takes the letter back."""
        self._hold(receipt, "withdrawal", {})

    def rate(self, receipt: Receipt, grade: str, comment: str = "") -> None:
        """The resident rates how it ended."""
        self._hold(receipt, "rating", {"grade": grade, "comment": comment})

    def _hold(self, receipt: Receipt, what: str, body: Mapping[str, Any]) -> None:
        headers = {"Query-Code": receipt.query_code}
        self._ask("POST", "intake", f"/cases/{receipt.number}/{what}", body, headers=headers)

    # --- the centre ---

    def accept(self, number: str) -> None:
        """The centre accepts."""
        self._as("centre", "CENTRE", "intake", f"/desk/cases/{number}/accept", {})

    def refuse(self, number: str, reason: str = "not_in_scope") -> None:
        """The centre refuses."""
        self._as("centre", "CENTRE", "intake", f"/desk/cases/{number}/refuse", {"reason": reason})

    def dispatch(self, number: str, unit: str, complexity: str = "simple", by: str = "centre", **order: Any) -> None:
        """The centre, or who decides in its place, sends the case to a lead unit."""
        self._decide(by, number, "dispatch", {"unit": unit, "complexity": complexity, **order})

    def close_case(self, number: str, outcome: str = "solved", by: str = "centre") -> None:
        """Review passed."""
        self._decide(by, number, "review", {"decision": "close", "outcome": outcome})

    def send_back(self, number: str, reason: str = "请补充处理结果。", by: str = "centre") -> None:
        """Review failed."""
        self._decide(by, number, "review", {"decision": "send_back", "reason": reason})

    def rule(self, number: str, unit: str, reason: str = "经研判属贵单位职责。") -> None:
        """The centre's word on a hand-back."""
        self._decide("centre", number, "ruling", {"unit": unit, "reason": reason})

    def merge(self, number: str, into: str) -> None:
        """The centre has one case answer for two."""
        self._decide("centre", number, "merge", {"into": into})

    # --- units ---

    def acknowledge(self, number: str, unit: str) -> None:
        """The unit confirms receipt."""
        self._as("unit", unit, "dispatch", f"/cases/{number}/acknowledge", {})

    def hand_back(self, number: str, unit: str, reason: str) -> None:
        """The unit says that it is not theirs."""
        self._as(
            "unit", unit, "dispatch", f"/cases/{number}/hand_back", {"reason_code": "not_our_duty", "reason": reason}
        )

    def contact(self, number: str, unit: str, process: str = "今日到现场核查。", **more: Any) -> None:
        """The unit has told the resident; `more`: means, promised_at."""
        body = {"process": process, "means": "telephone", **more}
        self._as("unit", unit, "dispatch", f"/cases/{number}/contact", body)

    def reply(self, number: str, unit: str, answer: str = "已清理完毕，安排专人巡查。") -> None:
        """The unit answers."""
        self._as("unit", unit, "dispatch", f"/cases/{number}/reply", {"text": answer})

    # --- letters ---

    def letter(self, number: str) -> dict[str, Any]:
        """The newest warning letter about a case, as a leader sees it."""
        page = self._as("leader", None, "notify", "/letters?limit=200", method="GET")
        return next(letter for letter in page["letters"] if letter["case"] == number)

    def sign(self, letter_id: str) -> dict[str, Any]:
        """A leader signs."""
        return self._as("leader", None, "notify", f"/letters/{letter_id}/sign", {})

    def decline(self, letter_id: str, reason: str) -> None:
        """A leader does not sign."""
        self._as("leader", None, "notify", f"/letters/{letter_id}/decline", {"reason": reason})

    def acknowledge_letter(self, letter_id: str, unit: str) -> None:
        """The unit confirms that it has the letter."""
        self._as("unit", unit, "notify", f"/letters/{letter_id}/acknowledge", {})

    # --- time ---

    def now(self, service: str = "sla") -> datetime:
        """What time it is in a service's database (UTC)."""
        with self.databases[service].transaction() as tx:
            return clock.now(tx)

    def be_ahead(self, shift: timedelta) -> None:
        """All four databases' clocks run ahead of the machine's by `shift` from now on."""
        for service in CLOCKS:
            move_clock(self.databases[service], shift)

    # --- what happened ---

    def events(self, producer: str) -> list[Told]:
        """Everything a service has published, in that order."""
        rows = self.rows(producer, "select * from event_log order by position")
        return [_told(producer, row) for row in rows]

    def heard(self, producer: str, type_: str, case: str, **fields: Any) -> Told | None:
        """The first event of that type about the case whose data have these fields, or None."""
        rows = self.rows(
            producer,
            "select * from event_log where type = :type and partitionkey = :case order by position",
            type=type_,
            case=case,
        )
        told = (_told(producer, row) for row in rows)
        return next((each for each in told if fields.items() <= each.data.items()), None)

    def wait_for(self, producer: str, type_: str, case: str, seconds: float = DEADLINE, **fields: Any) -> Told:
        """That event, once it is published."""
        found = until(
            lambda: self.heard(producer, type_, case, **fields), f"{producer} says {type_} {fields} of {case}", seconds
        )
        assert found is not None
        return found

    def settle(self, seconds: float = DEADLINE) -> None:
        """Returns once nothing is on its way any more: every event published and read, every message and letter out.

        Two looks in a row must find the same, since the databases are looked at one after the other.
        """
        last: list[str] = ["not looked yet"]

        def quiet() -> bool:
            before = list(last)
            last[:] = self._on_the_way() or [f"all quiet at {self._published()}"]
            return last == before and last[0].startswith("all quiet")

        try:
            until(quiet, "nothing is on its way", seconds)
        except pytest.fail.Exception:
            pytest.fail(f"still on its way after {seconds:.0f} s: {'; '.join(last)}")

    def _on_the_way(self) -> list[str]:
        questions = {
            "an outbox is not empty": [(service, "select count(*) from outbox") for service in SERVICES],
            "an event is aside": [
                (service, "select count(*) from aside where parked_at is null") for service in SERVICES
            ],
            "a clock is due": [("sla", "select count(*) from clocks where next_at <= clock_now()")],
            "a message waits": [("notify", "select count(*) from messages where state in ('pending', 'claimed')")],
            "a letter is at the printer": [("notify", "select count(*) from letters where state = 'signed'")],
        }
        waiting = [
            f"{what} ({service}: {count})"
            for what, asked in questions.items()
            for service, question in asked
            if (count := self.rows(service, question)[0]["count"])
        ]
        return waiting + [f"{reader} has not read all of {producer}" for reader, producer in self._unread()]

    def _unread(self) -> list[tuple[str, str]]:
        """Which reader has not yet committed an event it is bound to of which producer."""
        found = []
        for reader in SERVICES:
            reads = importlib.import_module(f"services.{reader}.events").READS
            for producer in sorted({producer for producer, _ in reads}):
                types = [type_ for of, type_ in reads if of == producer]
                if not self._published_of(producer, types) <= self._read_of(reader, producer):
                    found.append((reader, producer))
        return found

    def _published_of(self, producer: str, types: list[str]) -> "_Places":
        rows = self.rows(
            producer,
            "select subject, max(seq) as seq from event_log where type = any(:types) group by subject",
            types=types,
        )
        return _Places({row["subject"]: row["seq"] for row in rows})

    def _read_of(self, reader: str, producer: str) -> "_Places":
        rows = self.rows(
            reader,
            "select subject, last_seq as seq from seen where source = :source",
            source=source_of("xinan", producer),
        )
        return _Places({row["subject"]: row["seq"] for row in rows})

    def _published(self) -> int:
        return sum(self.rows(service, "select count(*) from event_log")[0]["count"] for service in SERVICES)

    def rows(self, service: str, question: str, **values: Any) -> list[Mapping[str, Any]]:
        with self.databases[service].transaction() as tx:
            return [dict(row) for row in tx.execute(text(question), values).mappings()]

    # --- HTTP ---

    def _decide(self, by: str, number: str, command: str, body: Mapping[str, Any]) -> None:
        self._as(by, "CENTRE" if by == "centre" else None, "dispatch", f"/cases/{number}/{command}", body)

    def _as(
        self,
        role: str,
        unit: str | None,
        service: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        method: str = "POST",
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.system.token(role, unit)}"}
        return self._ask(method, service, path, body, headers=headers)

    def _ask(
        self,
        method: str,
        service: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: int = 200,
    ) -> dict[str, Any]:
        answer = self.http.request(
            method, self.system.api(service) + path, json=body, headers=dict(headers or {}), timeout=30
        )
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        content: dict[str, Any] = answer.json()
        return content


class _Places(dict[str, int]):
    """How far each subject has come."""

    def __le__(self, reached: Mapping[str, int]) -> bool:
        return all(reached.get(subject, 0) >= seq for subject, seq in self.items())


def _told(producer: str, row: Mapping[str, Any]) -> Told:
    return Told(producer, row["type"], row["subject"], row["seq"], json.loads(row["body"]), row)
