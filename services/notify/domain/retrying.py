"""What to do about an SMS nobody knows the fate of, and how long to wait before anything is tried again."""

from datetime import timedelta

LONGEST = timedelta(seconds=60)
"""Longest wait between two tries of anything."""


def after_unknown(taken: bool | None, *, can_look_up: bool, remembers_keys: bool, attempt: int, most: int) -> str:
    """What to do about an SMS whose fate is unknown: `sent`, `again` with the same key, `wait`, or `held` for a person.

    `taken` is what the gateway says about the key, None if it cannot tell. Sending again is safe only at a gateway
    that remembers keys: elsewhere the first request may still be in flight. After `most` attempts a person decides.
    """
    if taken:
        return "sent"
    if attempt >= most:
        return "held"
    if taken is None and can_look_up:
        return "wait"
    return "again" if remembers_keys else "held"


def back_off(attempt: int, chance: float, longest: timedelta = LONGEST) -> timedelta:
    """How long to wait after `attempt` tries: 1 s, doubling up to `longest`, times something between a half and one.

    `chance` in [0, 1) says how much.
    """
    whole = min(timedelta(seconds=2 ** min(attempt - 1, 10)), longest)
    return whole * (0.5 + chance / 2)
