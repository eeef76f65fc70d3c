"""Residents at their telephones: each letter is posted until its outcome is known, always under the same key."""

import threading
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from deploy.demo.door import Answer, Door, NoAnswer
from deploy.demo.ledger import Ledger
from deploy.demo.letters import Letter

SUBMIT = "/api/intake/v1/cases"
PATIENCE = 120.0  # seconds a resident goes on trying
PAUSE = (0.2, 0.5, 1.0, 2.0)  # between tries; the last one repeats
TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Posted:
    """How posting one letter ended: `taken_in`, `refused_by_validation` or `unanswered`."""

    letter: Letter
    outcome: str
    status: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    tries: int = 1
    seconds: float = 0.0

    @property
    def number(self) -> str | None:
        return self.data.get("number") if self.outcome == "taken_in" else None


class Residents:
    """Posts letters and remembers how each ended."""

    def __init__(self, door: Door, ledger: Ledger) -> None:
        self.door, self.ledger = door, ledger
        self.posted: list[Posted] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """No further letter, no further try: the demo was broken off."""
        self._stopping.set()

    def post_all(self, letters: Iterable[Letter], threads: int, gap: float, on_each: Callable[[Posted], None]) -> None:
        """Post from several threads at once, each letter at least `gap` seconds after the one before."""
        with ThreadPoolExecutor(threads, thread_name_prefix="resident") as pool:
            waiting = []
            for letter in letters:
                waiting.append(pool.submit(lambda one: on_each(self.post(one)), letter))
                if self._stopping.wait(gap):
                    pool.shutdown(cancel_futures=True)
                    return
            for each in waiting:
                each.result()

    def post(self, letter: Letter) -> Posted:
        """Post one letter; an unknown outcome is asked again with the same key."""
        key, began = str(uuid.uuid4()), time.monotonic()
        answer, tries = self._persist(letter, key, began + PATIENCE)
        posted = _judged(letter, answer, tries, time.monotonic() - began)
        with self._lock:
            self.posted.append(posted)
        return posted

    def _persist(self, letter: Letter, key: str, deadline: float) -> tuple[Answer | None, int]:
        tries = 0
        while True:
            answer, tries = self._once(letter, key), tries + 1
            if (answer is not None and answer.status != TOO_MANY) or time.monotonic() > deadline:
                return answer, tries
            if self._stopping.wait(PAUSE[min(tries, len(PAUSE)) - 1]):
                return None, tries

    def _once(self, letter: Letter, key: str) -> Answer | None:
        self.ledger.write("posting", line=letter.line, key=key, body=dict(letter.body))
        try:
            answer = self.door.post(SUBMIT, letter.body, key=key)
        except NoAnswer as error:
            self.ledger.write("unanswered", line=letter.line, key=key, error=str(error))
            return None
        number = answer.data.get("number") if answer.ok else None
        self.ledger.write("answered", line=letter.line, key=key, status=answer.status, number=number, code=answer.code)
        return answer


def _judged(letter: Letter, answer: Answer | None, tries: int, seconds: float) -> Posted:
    if answer is None or answer.status == TOO_MANY:
        return Posted(letter, "unanswered", tries=tries, seconds=seconds)
    outcome = "taken_in" if answer.ok else "refused_by_validation"
    data = answer.data if isinstance(answer.data, dict) else {}
    return Posted(letter, outcome, answer.status, data, tries, seconds)
