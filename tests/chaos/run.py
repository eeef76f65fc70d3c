"""One run: start everything, let people work, break things for a while, heal, come to rest, and judge."""

import shutil
import time
from collections.abc import Callable
from typing import Any

from deploy.machine.folder import Folder
from deploy.servers.rabbit import Rabbit
from referee.books import Books, Rest
from services import SERVICES
from tests.chaos import samples
from tests.chaos.nemesis import Nemesis, heal
from tests.chaos.people import People
from tests.chaos.stand import Stand

WARM_UP, REST_WITHIN = 4.0, 120.0
Say = Callable[[str], None]


def play(
    folder: Folder, seed: int, seconds: float, broker: type[Rabbit], say: Say, judge: Callable[[Stand], Any]
) -> Any:
    """One run in `folder`; what `judge` makes of the stand after it has come to rest, while the servers still run."""
    stand = Stand(folder, broker)
    try:
        stand.start()
        say(
            "everything runs twice; letters begin"
            + ("" if stand.quota else "; NO disk will be filled, that takes root")
        )
        samples.take(stand, "before")
        people = People(stand, seed)
        people.start()
        time.sleep(WARM_UP)
        nemesis = Nemesis(stand, people, seed)
        nemesis.run(seconds)
        say(f"{len(nemesis.faults)} faults done; healing")
        heal(stand)
        people.go_home()
        _rest(stand, people)
        say("at rest")
        samples.take(stand, "after")
        shutil.copy(stand.failpoints / "hits.jsonl", stand.path)
        return judge(stand)
    finally:
        stand.close()


def _rest(stand: Stand, people: People) -> None:
    """Nothing moves any more; letters that came meanwhile are signed, and their paper is made."""
    deadline = time.monotonic() + REST_WITHIN
    for _ in range(2):
        rest = Rest(Books(stand.direct))
        while not rest():
            if time.monotonic() > deadline:
                raise NotAtRest(_what_moves(stand))
            time.sleep(0.1)
        people.sign_what_waits()


class NotAtRest(AssertionError):
    """Something still waits or moves long after the last fault: the text says what."""


def _what_moves(stand: Stand) -> str:
    found = []
    for service in SERVICES:
        with stand.database(service) as cursor:
            cursor.execute(
                "select (select count(*) from outbox), (select count(*) from aside), (select count(*) from halt)"
            )
            outbox, aside, halt = cursor.fetchone()
            found.append(f"{service}: {outbox} in the outbox, {aside} aside, {halt} queues missing")
    with stand.database("notify") as cursor:
        cursor.execute("select state, count(*), min(next_try) - clock_now() from messages group by state")
        found.append(f"messages: {cursor.fetchall()}")
    return f"not at rest {REST_WITHIN:.0f} s after the last fault; {'; '.join(found)}"
