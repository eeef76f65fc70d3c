"""Waiting for a fact, with a deadline."""

import time
from collections.abc import Callable


def until(fact: Callable[[], bool], seconds: float = 10) -> None:
    """Returns once `fact()` holds; fails the test after `seconds`."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "the awaited fact never came"
        time.sleep(0.01)
