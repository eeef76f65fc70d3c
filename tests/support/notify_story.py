"""One case as the other services tell of it, event by event."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.delivery.envelope import Draft, Message
from tests.support.events import message

DAY = timedelta(hours=24)


class Story:
    """Events of one case; `began` is when it was dispatched. Each method is one event, as the relay would publish it."""

    def __init__(self, number: str, began: datetime | None = None, unit: str = "C07") -> None:
        self.number, self.unit = number, unit
        self.began = began or datetime.now(UTC)
        self.seq: Counter[str] = Counter()

    def submitted(self, identity: str = "named", imported: bool = False, at: datetime | None = None) -> Message:
        """Intake's only event that notify reads."""
        stated = {"unit": self.unit, "complexity": "simple"} if imported else None
        return self._event("intake", "case.submitted", at, {"identity": identity, "imported": stated})

    def dispatched(self, restricted: bool = False) -> Message:
        """Dispatch sent it to the unit."""
        return self._event("dispatch", "case.dispatched", None, {"restricted": restricted})

    def closed(self, at: datetime | None = None) -> Message:
        """The review passed at `at`."""
        at = at or datetime.now(UTC)
        return self._event("dispatch", "case.closed", at, {"restricted": False, "at": at.isoformat()})

    def withdrawn(self, by: str = "dispatch", at: datetime | None = None) -> Message:
        """The resident took it back; intake says so itself before acceptance."""
        return self._event(by, "case.withdrawn", at, {"restricted": False} if by == "dispatch" else {})

    def started(self, kind: str = "close", gen: int = 1, limit: timedelta = DAY, **more: Any) -> Message:
        """A clock runs from the beginning on."""
        return self._event("sla", "clock.started", None, self._clock(kind, gen, limit) | more)

    def marked(self, mark: str, at: datetime | None = None, **more: Any) -> Message:
        """The mark changed."""
        data = {"mark": mark, "reason": "time", "silent": False, "unit": self.unit, "unit_name": "灵芝社区"}
        return self._event("sla", "case.marked", at, data | {"restricted": False} | more)

    def breached(
        self, gen: int = 1, letter_after: int = 0, limit: timedelta = DAY, kind: str = "close", **more: Any
    ) -> Message:
        """The limit passed."""
        clock = self._clock(kind, gen, limit)
        at = self.began + limit
        return self._event(
            "sla",
            "clock.breached",
            at,
            clock | {"at": at.isoformat(), "letter_after": letter_after, "complexity": "simple"} | more,
        )

    def retracted(self, gen: int = 1, limit: timedelta = DAY) -> Message:
        """The close turned out to be in time."""
        return self._event("sla", "clock.retracted", None, self._clock("close", gen, limit))

    def stopped(self, at: datetime, kind: str = "close", gen: int = 1, limit: timedelta = DAY) -> Message:
        """Withdrawn or merged: the clock stops."""
        return self._event(
            "sla", "clock.changed", at, self._clock(kind, gen, limit) | {"status": "stopped", "at": at.isoformat()}
        )

    def _clock(self, kind: str, gen: int, limit: timedelta) -> dict[str, Any]:
        return {
            "kind": kind,
            "gen": gen,
            "started_at": self.began.isoformat(),
            "due": (self.began + limit).isoformat(),
            "warn_at": (self.began + limit * 0.75).isoformat(),
            "silent": False,
            "unit": self.unit,
            "unit_name": "灵芝社区",
            "restricted": False,
        }

    def _event(self, producer: str, type_: str, time: datetime | None, data: dict[str, Any]) -> Message:
        self.seq[producer] += 1
        return message(Draft(type_, self.number, self.seq[producer], data), producer, time=time)


def unit_changed(code: str = "C07", seq: int = 1, **mobiles: str) -> Message:
    """`unit_changed("C07", duty="13800000007")`: who is reached at which post."""
    contacts = {post: {"name": "值班员", "mobile": mobile} for post, mobile in mobiles.items()}
    data = {"code": code, "name": "灵芝社区", "kind": "community", "active": True, "contacts": contacts}
    return message(Draft("unit.changed", code, seq, data), "dispatch")
