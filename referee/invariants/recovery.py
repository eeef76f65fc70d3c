"""How soon all flows run again after a kill, and that a fault outside delays nobody."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from referee.invariants.evidence import Evidence, Post
from referee.invariants.findings import LATE, Finding
from referee.invariants.real_time import END, FLOORS, Window, windows

ISOLATED, QUIET_BEFORE = timedelta(seconds=5), timedelta(seconds=10)
OUTSIDE = ("F12", "F13", "F19")


class Recovery(NamedTuple):
    """After the kill `window`, the first later letter had gone all the way `seconds` afterwards.

    `disturbed`: other faults were on in that time; `seconds` then counts from the end of the last of these, and
    `floor` is the longest that one of them may take.
    `seconds` None: no later letter arrived, or none was posted.
    """

    window: Window
    seconds: float | None
    floor: float
    disturbed: bool
    was_written_to: bool


def flows_run_again(evidence: Evidence) -> Iterator[Finding]:
    """I18: within the floor of what was killed, a letter posted after it is taken in, dispatched and has its clock."""
    for each in recoveries(evidence):
        if each.seconds is None and each.was_written_to:
            yield Finding("I18", LATE, "no letter ever arrived after the kill of", each.window.target)
        elif each.seconds is not None and each.seconds > each.floor:
            what = f"{each.seconds:.1f} s passed, {each.floor:.0f} are allowed, after the kill of"
            yield Finding("I18", LATE, what, each.window.target)


def recovery_seconds(evidence: Evidence) -> dict[str, float | None]:
    """The longest recovery seen for each class, of kills that no other fault disturbed; None where there was none."""
    alone = [each for each in recoveries(evidence) if not each.disturbed and each.seconds is not None]
    longest: dict[str, float | None] = {}
    for of in ("service", "postgres", "broker"):
        took = [each.seconds for each in alone if each.window.of == of and each.seconds is not None]
        longest[of] = round(max(took), 2) if took else None
    return longest


def recoveries(evidence: Evidence) -> list[Recovery]:
    """Every kill with what followed."""
    disturbing = windows(evidence)
    through = sorted((post.at, arrived) for post in evidence.posts if (arrived := _through(evidence, post)))
    posted = [post.at for post in evidence.posts]
    kills = [window for window in disturbing if window.is_kill and window.of != "outside"]
    return [_recovery(kill, disturbing, through, max(posted, default=kill.begin)) for kill in kills]


def _recovery(
    kill: Window, disturbing: list[Window], through: list[tuple[datetime, datetime]], last_post: datetime
) -> Recovery:
    later = [arrived for at, arrived in through if at >= kill.begin]
    if not later:
        return Recovery(kill, None, FLOORS[kill.of], False, last_post > kill.begin + timedelta(seconds=FLOORS[kill.of]))
    arrived = min(later)
    others = [w for w in disturbing if _disturbs(w, kill) and w.begin <= arrived and w.end >= kill.begin]
    since = max((min(window.end, arrived) for window in others), default=kill.begin)
    floor = max(FLOORS[window.of] for window in (kill, *others))
    return Recovery(kill, max(0.0, (arrived - max(since, kill.begin)).total_seconds()), floor, bool(others), True)


def _disturbs(window: Window, kill: Window) -> bool:
    """Another fault inside, the next kill of the same name too; the outside excuses nothing (I16)."""
    return window != kill and not _is_outside(window)


def _through(evidence: Evidence, post: Post) -> datetime | None:
    """When the letter had been dispatched and its closing clock had started, as published; None if it never was."""
    moments = [
        entry.published_at
        for number in post.numbers
        for entry in (*evidence.of("dispatch", number), *evidence.of("sla", number))
        if entry.type == "case.dispatched" or (entry.type == "clock.started" and entry.data["kind"] == "close")
    ]
    return max(moments) if len(moments) == 2 else None


def others_undisturbed(evidence: Evidence) -> Iterator[Finding]:
    """I16: while only a subscriber, the gateway or poison is at fault, a letter is studied and has its clock in 5 s."""
    for post, seconds in isolated(evidence):
        if seconds is None or seconds > ISOLATED.total_seconds():
            took = "never arrived" if seconds is None else f"took {seconds:.1f} s"
            yield Finding("I16", LATE, f"a letter {took} while only the outside was at fault", post.key)


def isolated(evidence: Evidence) -> list[tuple[Post, float | None]]:
    """The letters taken in while only the outside was at fault, and how long each took to be studied and clocked."""
    disturbing = windows(evidence)
    outside = [window for window in disturbing if _is_outside(window)]
    inside = [window for window in disturbing if not _is_outside(window)]
    found = []
    for post in evidence.posts:
        on = any(window.begin <= post.at <= window.end < END for window in outside)
        if (
            on
            and post.numbers
            and not any(w.begin <= post.at + ISOLATED and w.end + QUIET_BEFORE >= post.at for w in inside)
        ):
            found.append((post, _studied_within(evidence, post)))
    return found


def _is_outside(window: Window) -> bool:
    return window.of == "outside" and window.fault in OUTSIDE


def _studied_within(evidence: Evidence, post: Post) -> float | None:
    number = min(post.numbers)
    studied = [e.published_at for e in evidence.of("dispatch", number) if e.type == "case.triaged"]
    clocked = [e.published_at for e in evidence.of("sla", number) if e.type == "clock.started"]
    return (max(studied[0], clocked[0]) - post.at).total_seconds() if studied and clocked else None
