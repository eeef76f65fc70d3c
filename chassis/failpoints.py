"""Named places in the code where a test can make this process die, fail, slow down or hang; refused in production.

`hit("relay.claimed")` does nothing until the setting FAILPOINTS names a folder. Then a file of the point's name in it,
as `kill 3` or `kill 3 sla-worker`, arms the point: the third time a process (of that name) passes it, it removes the
file, writes what it is about to do to `hits.jsonl`, and does it. Arming a point needs no restart, and none fires twice.
"""

import json
import os
import signal
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

DELAY_SECONDS = 2.0
# Longer than an idle transaction is let live (chassis.database), so that a hung holder loses its locks.
HANG_SECONDS = 12.0
ACTIONS = ("kill", "raise", "delay", "hang")

_folder: Path | None = None
_process = ""
_passed: Counter[str] = Counter()


class Failed(RuntimeError):
    """What an armed point raises: it stands for an unforeseen error."""


def configure(folder: Path | None, process: str) -> None:
    """Says where points are armed, and the name under which this process writes what it did; None: nowhere."""
    global _folder, _process
    _folder, _process = folder, process
    _passed.clear()


def hit(point: str) -> None:
    """Passes the point; if it is armed and this is the time, does what it is armed with. Raises Failed on `raise`."""
    if _folder is None:
        return
    action = _due(_folder / point)
    if action is not None:
        _record(_folder, point, action)
        _act(action, point)


def _due(armed: Path) -> str | None:
    try:
        action, nth, *only = armed.read_text().split()
        if only and _process not in only:
            return None
        _passed[armed.name] += 1
        if _passed[armed.name] < int(nth):
            return None
        armed.unlink()  # only one process succeeds
    except FileNotFoundError:
        _passed.pop(armed.name, None)
        return None
    _passed.pop(armed.name, None)
    return action


def _record(folder: Path, point: str, action: str) -> None:
    moment = datetime.now(UTC).isoformat()  # the outside's time, to lay beside the faults of the same run
    line = json.dumps({"at": moment, "failpoint": point, "action": action, "process": _process, "pid": os.getpid()})
    with (folder / "hits.jsonl").open("a") as file:
        file.write(line + "\n")


def _act(action: str, point: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "raise":
        raise Failed(point)
    else:
        time.sleep(DELAY_SECONDS if action == "delay" else HANG_SECONDS)
