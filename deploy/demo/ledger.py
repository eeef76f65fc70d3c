"""What the driver did, written line by line before each POST and after each answer: the checker's first witness."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Ledger:
    """An append-only file of JSON lines; every line is on its way to the disk before `write` returns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, what: str, **facts: Any) -> None:
        """Record a fact: `opening`, `posting` (key, body), `answered` (key, status, number) or `unanswered` (key)."""
        line = json.dumps({"at": datetime.now(UTC).isoformat(), "what": what, **facts}, ensure_ascii=False)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        self._file.close()
