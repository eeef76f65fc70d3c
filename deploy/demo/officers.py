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
from services.limits import LIMITS

Token = Callable[[str, str | None], str]  # (role, unit code) → a development token
Case = Mapping[str, Any]  # as the lists show it

THREADS = 8
PAGE = 100
IDLE = 0.5  # seconds between two looks at empty lists
ENOUGH = 5  # refusals after which an officer leaves a case to its list
SENT_BACK_ONE_IN = 16
DESK, CASES = "/api/intake/v1/desk/cases", "/api/dispatch/v1/cases"
# Who decides about a case: the centre, or above it whoever the letter is not about.
DECIDERS = (("centre", "CENTRE"), ("leader", None), ("supervisor", None))
NOT_HIS = (403, 404)

PROMISED_AFTER = LIMITS["close-simple"] - timedelta(hours=1)
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
        """Begin the shift, if it has not begun."""
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def given_up(self) -> int:
        """Cases that refused every attempt and wait for somebody who can tell why."""
        with self._lock:
            return sum(count >= ENOUGH for count in self._refusals.values())

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
                    list(pool.map(lambda case, work=work: self._carefully(work, case), cases))
                self._stopping.wait(IDLE if not worked else 0)

    def _waiting(self, path: str, state: str) -> Iterator[Case]:
        """The first page of one list, without what is to be left alone. Supervision sees every case of dispatch."""
        token = self.token("centre", "CENTRE") if path == DESK else self.token("supervisor", None)
        try:
            answer = self.door.get(f"{path}?state={state}&limit={PAGE}", token)
        except NoAnswer:
            return
        for case in answer.data.get("cases" if path == CASES else "items", ()) if answer.ok else ():
            refused = self._refusals.get(case["number"], 0) >= ENOUGH
            if not refused and moment(case.get("dispatched_at")) not in self.hands_off:
                yield case

    def _carefully(self, work: Callable[[Case], None], case: Case) -> None:
        try:
            work(case)
        except NoAnswer:
            time.sleep(IDLE)  # whatever was done shows in the next look at the lists

    def _accept(self, case: Case) -> None:
        answer = self.door.post(f"{DESK}/{case['number']}/accept", {}, self.token("centre", "CENTRE"))
        self._note(answer, case, "accepted")

    def _send_out(self, case: Case) -> None:
        """Where triage was not sure, the centre decides; a unit the letter is about is refused, the next tried."""
        for unit in self._units_for(case):
            answer = self._decide(case, "dispatch", {"unit": unit, "complexity": case["complexity"] or "simple"})
            if answer.code != "unit_concerned":
                break
        self._note(answer, case, "dispatched")

    def _units_for(self, case: Case) -> list[str]:
        """Triage's suggestion, the community of the letter, then the communities in turn."""
        share = zlib.crc32(case["number"].encode()) % len(self.communities)
        wished = (case["suggestion"], case["community"], *self.communities[share:], *self.communities[:share])
        return [unit for unit in wished if unit]

    def _handle(self, case: Case) -> None:
        """The unit acknowledges, tells the resident how it goes on, works, and answers."""
        token, text = self.token("unit", case["unit"]), REPLIES[zlib.crc32(case["number"].encode()) % len(REPLIES)]
        steps: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("dispatched", "acknowledge", {}),
            ("acknowledged", "contact", self._promise(case)),
            ("handling", "reply", {"text": text}),
        )
        for state, command, body in steps[[step[0] for step in steps].index(case["state"]) :]:
            answer = self.door.post(f"{CASES}/{case['number']}/{command}", body, token)
            if not self._note(answer, case, "replied" if state == "handling" else None):
                return

    def _promise(self, case: Case) -> dict[str, Any]:
        dispatched = moment(case["dispatched_at"])
        assert dispatched is not None
        return {"process": PROCESS, "means": "telephone", "promised_at": (dispatched + PROMISED_AFTER).isoformat()}

    def _review(self, case: Case) -> None:
        decision, done = {"decision": "close", "outcome": "solved"}, "closed"
        if next(self._reviewed) % SENT_BACK_ONE_IN == 0:
            decision, done = {"decision": "send_back", "reason": WHY_SENT_BACK}, "sent_back"
        self._note(self._decide(case, "review", decision), case, done)

    def _decide(self, case: Case, command: str, body: Mapping[str, Any]) -> Answer:
        for role, unit in DECIDERS:
            answer = self.door.post(f"{CASES}/{case['number']}/{command}", body, self.token(role, unit))
            if answer.status not in NOT_HIS:
                break
        return answer

    def _note(self, answer: Answer, case: Case, done: str | None) -> bool:
        """Count what was done; a case that refuses again and again is reported once and left to its list."""
        with self._lock:
            if answer.ok and done:
                self.done[done] += 1
            elif not answer.ok:
                self._refusals[case["number"]] = self._refusals.get(case["number"], 0) + 1
                if self._refusals[case["number"]] == ENOUGH:
                    self.failed(f"{case['number']} ({case['state']}): {answer.status} {answer.code}")
        return answer.ok


def moment(value: str | None) -> datetime | None:
    """A time of the API, to the millisecond: enough to tell the cases of the demonstration apart."""
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
