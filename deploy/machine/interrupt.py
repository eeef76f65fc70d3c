"""Ctrl-C, SIGTERM and SIGHUP end a run in order, as KeyboardInterrupt; never while a process is being started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_state = {"held": 0, "waiting": 0}


def listen() -> None:
    """From now on each of the signals raises KeyboardInterrupt in the main thread, even where a shell ignored it."""
    for each in ENDING:
        signal.signal(each, _received)


@contextmanager
def held_back() -> Iterator[None]:
    """What arrives in the block is acted on at its end."""
    _state["held"] += 1
    try:
        yield
    finally:
        _state["held"] -= 1
        if not _state["held"] and _state["waiting"]:
            _state["waiting"] = 0
            raise KeyboardInterrupt


@contextmanager
def cleanly() -> Iterator[None]:
    """Stopping is not interrupted by a second Ctrl-C: everything has its own time limit."""
    before = {each: signal.signal(each, signal.SIG_IGN) for each in ENDING}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _received(number: int, frame: FrameType | None) -> None:
    if _state["held"]:
        _state["waiting"] = 1
        return
    raise KeyboardInterrupt
