"""A file instead of a gateway, one JSON line per SMS that would have been sent. For demo and tests."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from services.notify.domain.gateway import Answer, Fate, Outgoing


class FileLedger:
    """Appends and syncs before it answers. A key in the file, whichever process wrote it, is not appended again."""

    name = "file"
    remembers_keys = True
    can_look_up = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys: set[str] = set()
        self._read_to = 0
        path.parent.mkdir(parents=True, exist_ok=True)

    def send(self, batch: Sequence[Outgoing]) -> list[Answer]:
        try:
            with self._locked() as ledger:
                self._append(ledger, batch)
        except OSError:
            # A line may or may not have reached the disk.
            return [Answer(Fate.UNKNOWN, "ledger_unwritable")] * len(batch)
        return [Answer(Fate.SENT)] * len(batch)

    def lookup(self, key: str) -> bool | None:
        try:
            with self._locked():
                return key in self._keys
        except OSError:
            return None

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        """The file, locked against other processes, with the keys of all its lines read."""
        with self.path.open("a+b") as ledger:
            fcntl.flock(ledger, fcntl.LOCK_EX)
            self._catch_up(ledger)
            yield ledger

    def _catch_up(self, ledger: BinaryIO) -> None:
        size = ledger.seek(0, os.SEEK_END)
        if size < self._read_to:
            self._keys, self._read_to = set(), 0
        ledger.seek(self._read_to)
        whole, newline, torn = ledger.read().rpartition(b"\n")
        self._keys |= {json.loads(line)["key"] for line in whole.splitlines()}
        self._read_to += len(whole) + len(newline)
        if torn:
            # A process that wrote half a line died before it answered: that SMS was never taken.
            ledger.truncate(self._read_to)

    def _append(self, ledger: BinaryIO, batch: Sequence[Outgoing]) -> None:
        fresh = {each.key: each for each in batch if each.key not in self._keys}
        lines = b"".join(_line(each) for each in fresh.values())
        ledger.write(lines)
        ledger.flush()
        os.fsync(ledger.fileno())
        self._keys |= fresh.keys()
        self._read_to += len(lines)


def _line(sms: Outgoing) -> bytes:
    entry = {
        "sms": sms.key,
        "key": sms.key,
        "to": sms.to,
        "text": sms.text,
        "at": sms.at.isoformat(),
        "messages": list(sms.messages),
    }
    return json.dumps(entry, ensure_ascii=False).encode() + b"\n"
