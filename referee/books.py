"""What the databases say, for the story and for the accounts: counts of events, and whether all has come to rest."""

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg2

from services import SERVICES

QUIET = 1.5  # seconds without any movement that count as rest


class Books:
    """Read-only eyes on the four databases; safe to use from several threads."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._connections = {
            service: psycopg2.connect(urls[service], application_name="lianxin-demo") for service in SERVICES
        }
        self._lock = threading.Lock()
        for connection in self._connections.values():
            connection.set_session(readonly=True, autocommit=True)
        self._opening = self.here()

    def rows(self, service: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of one question to one database."""
        with self._lock, self._connections[service].cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def one(self, service: str, statement: str, **values: Any) -> Any:
        return self.rows(service, statement, **values)[0][0]

    def now(self) -> datetime:
        """The time by which clocks fire: the database's."""
        at: datetime = self.one("intake", "select clock_now()")
        return at

    def here(self) -> dict[str, int]:
        """Where the four event logs stand now."""
        newest = "select coalesce(max(position), 0) from event_log"
        return {service: int(self.one(service, newest)) for service in SERVICES}

    def events(
        self, service: str, type_: str, condition: str = "true", since: Mapping[str, int] | None = None
    ) -> list[dict[str, Any]]:
        """What events of a type published `since` then (the demo's beginning) say, and when each was recorded.

        `condition` is SQL over `data` (jsonb).
        """
        statement = f"""
            select data, time from (select position, time, cast(body as jsonb) as data from event_log
                where type = %(type)s and position > %(since)s offset 0) as logged
            where {condition} order by position"""
        return [
            data | {"recorded_at": time}
            for data, time in self.rows(service, statement, type=type_, since=(since or self._opening)[service])
        ]

    def outbox(self, service: str) -> int:
        """Events still waiting for the broker."""
        return int(self.one(service, "select count(*) from outbox"))

    def states(self) -> dict[str, int]:
        """How many cases stand where in dispatch."""
        return dict(self.rows("dispatch", "select state, count(*) from cases group by state"))

    def movement(self) -> tuple[Any, ...]:
        """Changes as long as anything is on its way: events logged, events read, messages planned or ended."""
        moved = []
        for service in SERVICES:
            moved += self.rows(
                service, "select (select max(position) from event_log), (select sum(last_seq) from seen)"
            )
        moved += self.rows("notify", "select count(*), count(ended_at) from messages")
        return tuple(moved)

    def on_the_way(self) -> int:
        """Events in outboxes, messages not yet settled and letters not yet on paper."""
        waiting = sum(self.outbox(service) for service in SERVICES)
        messages = self.one("notify", "select count(*) from messages where state in ('pending', 'claimed')")
        letters = self.one("notify", "select count(*) from letters where state = 'signed'")
        return int(waiting + messages + letters)


class Rest:
    """True once nothing was on its way and nothing moved for a while."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self._last: tuple[Any, ...] = ()
        self._since = time.monotonic()

    def __call__(self) -> bool:
        now, moved = time.monotonic(), self.books.movement()
        if self.books.on_the_way() or moved != self._last:
            self._last, self._since = moved, now
        return now - self._since > QUIET
