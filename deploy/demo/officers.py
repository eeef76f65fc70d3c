"""The officers' day: centre, units and leaders do over the staff API what the promise asks of them."""

import itertools
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from deploy.demo.door import Answer, Door, NoAnswer

Token = Callable[[str, str | None], str]  # (role, unit code) → a development token

THREADS = 4
PAGE = 200
IDLE = 0.25  # seconds between two looks at empty lists
ENOUGH = 5  # refusals after which an officer leaves a case to its list
SENT_BACK_ONE_IN = 16
DESK, CASES, LETTERS = "/api/intake/v1/desk/cases", "/api/dispatch/v1/cases", "/api/notify/v1/letters"

PROCESS = "已电话联系诉求人：今天到现场查看，之后通报处理办法和完成时间。"
REPLIES = (
    "您好，工作人员已到现场核实，问题属实，已当场处理完毕，并安排专人连续三天复查。感谢您的来信。",
    "您好，已会同有关单位现场协调，整改已经完成，现场照片存档。如有反复，请随时联系我们。",
    "您好，您反映的情况已查清，相关责任方已按要求改正，我们将纳入日常巡查。谢谢您的监督。",
    "您好，所问事项已由窗口同志电话向您逐条说明，所需材料清单已经发给您，欢迎随时来问。",
)
WHY_SENT_BACK = "答复只有承诺，没有写明结果，请补充处理情况后再报。"


class Officers:
    """A shift in the background: looks at the lists and works through them until `stop`."""

    def __init__(self, door: Door, token: Token, communities: list[str], failed: Callable[[str], None]) -> None:
        self.door, self.token, self.communities, self.failed = door, token, communities, failed
        self.hands_off: set[datetime] = set()  # cases dispatched at these times are left as they are
        self.done = {"accepted": 0, "dispatched": 0, "replied": 0, "sent_back": 0, "closed": 0}
        self._refusals: dict[str, int] = {}
        self._reviewed = itertools.count(SENT_BACK_ONE_IN - 3)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._shift, name="officers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(30)

    def _shift(self) -> None:
        steps = (
            (DESK, "submitted", self._accept),
            (CASES, "waiting", self._send_out),
            (CASES, "dispatched", self._handle),
            (CASES, "acknowledged", self._handle),
            (CASES, "handling", self._handle),
            (CASES, "replied", self._review),
        )
        with ThreadPoolExecutor(THREADS, thread_name_prefix="officer") as pool:
            while not self._stopping.is_set():
                worked = 0
                for path, state, work in steps:
                    cases = list(self._waiting(path, state))
                    worked += len(cases)
                    list(pool.map(lambda case, work=work: self._carefully(work, case), cases))  # type: ignore[misc]
                self._stopping.wait(IDLE if not worked else 0)

    def _waiting(self, path: str, state: str) -> Iterator[dict[str, Any]]:
        """The first page of one list, without what is to be left alone."""
        try:
            answer = self.door.get(f"{path}?state={state}&limit={PAGE}", self.token("centre", "CENTRE"))
        except NoAnswer:
            return
        for case in answer.data["items"] if answer.ok else ():
            refused = self._refusals.get(case["number"], 0) >= ENOUGH
            if not refused and moment(case.get("dispatched_at")) not in self.hands_off:
                yield case

    def _carefully(self, work: Callable[[dict[str, Any]], None], case: dict[str, Any]) -> None:
        try:
            work(case)
        except NoAnswer:
            time.sleep(IDLE)  # whatever was done shows in the next look at the lists

    def _accept(self, case: Mapping[str, Any]) -> None:
        if self._do("centre", "CENTRE", f"{DESK}/{case['number']}/accept", {}, case):
            self._count("accepted")

    def _send_out(self, case: Mapping[str, Any]) -> None:
        """Where triage was not sure, the centre decides: its suggestion, the community written to, or a fair share."""
        full = self.door.get(f"{CASES}/{case['number']}", self.token("centre", "CENTRE"))
        if not full.ok:
            return
        order = {
            "unit": self._unit_for(full.data),
            "complexity": full.data.get("complexity") or "simple",
            "restricted": bool(full.data.get("restricted")),
        }
        if self._do("centre", "CENTRE", f"{CASES}/{case['number']}/dispatch", order, case):
            self._count("dispatched")

    def _unit_for(self, case: Mapping[str, Any]) -> str:
        about = set(case.get("about") or ())
        wished = [case.get("suggestion"), case.get("community")]
        share = zlib.crc32(case["number"].encode()) % len(self.communities)
        wished += self.communities[share:] + self.communities[:share]
        return next(unit for unit in wished if unit and unit not in about)

    def _handle(self, case: Mapping[str, Any]) -> None:
        """The unit acknowledges, tells the resident how it goes on, works, and answers."""
        path, unit, state = f"{CASES}/{case['number']}", case["unit"], case["state"]
        if state == "dispatched" and self._do("unit", unit, f"{path}/acknowledge", {}, case):
            state = "acknowledged"
        if state == "acknowledged" and self._do("unit", unit, f"{path}/contact", self._promise(case), case):
            state = "handling"
        text = REPLIES[zlib.crc32(case["number"].encode()) % len(REPLIES)]
        if state == "handling" and self._do("unit", unit, f"{path}/reply", {"text": text}, case):
            self._count("replied")

    def _promise(self, case: Mapping[str, Any]) -> dict[str, Any]:
        dispatched = moment(case["dispatched_at"])
        assert dispatched is not None
        return {"process": PROCESS, "means": "telephone", "promised_at": (dispatched + timedelta(hours=23)).isoformat()}

    def _review(self, case: Mapping[str, Any]) -> None:
        decision: dict[str, Any] = {"decision": "close", "outcome": "solved"}
        if next(self._reviewed) % SENT_BACK_ONE_IN == 0:
            decision = {"decision": "send_back", "reason": WHY_SENT_BACK}
        if self._do("centre", "CENTRE", f"{CASES}/{case['number']}/review", decision, case):
            self._count("closed" if decision["decision"] == "close" else "sent_back")

    def _do(self, role: str, unit: str, path: str, body: Mapping[str, Any], case: Mapping[str, Any]) -> bool:
        answer = self.door.post(path, body, self.token(role, unit))
        if not answer.ok:
            self._refused(path, answer, case["number"])
        return answer.ok

    def _refused(self, path: str, answer: Answer, number: str) -> None:
        with self._lock:
            self._refusals[number] = self._refusals.get(number, 0) + 1
            if self._refusals[number] == ENOUGH:
                self.failed(f"{path}: {answer.status} {answer.code}")

    def _count(self, what: str) -> None:
        with self._lock:
            self.done[what] += 1


def moment(value: str | None) -> datetime | None:
    """A time of the API, to the millisecond: enough to tell the cases of the demonstration apart."""
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
