"""What is known of a case: the facts that intake reported and those that dispatch reported.

Events of one source arrive in order, those of two sources in any order, so the facts of each source are kept apart.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from services.sla.domain.limit import Complexity


@dataclass(frozen=True, slots=True)
class IntakeFacts:
    """From intake. An import states `dispatched_at` and `contacted_at`; `imported_at` is when it was recorded."""

    submitted_at: datetime
    accepted_at: datetime | None = None
    refused_at: datetime | None = None
    withdrawn_at: datetime | None = None
    emergency: bool = False
    dispatched_at: datetime | None = None
    contacted_at: datetime | None = None
    imported_at: datetime | None = None

    def after(self, before: "IntakeFacts | None") -> "IntakeFacts":
        """These, the newest, with what was stated once and is not repeated."""
        if before is None:
            return self
        return replace(
            self,
            accepted_at=self.accepted_at or before.accepted_at,
            dispatched_at=self.dispatched_at or before.dispatched_at,
            contacted_at=self.contacted_at or before.contacted_at,
            imported_at=before.imported_at or self.imported_at,
        )


@dataclass(frozen=True, slots=True)
class DispatchFacts:
    """From dispatch. `sent_back_at`: the last time a reply was sent back.

    `reopened_at`: when the present round began, None in the first. `stops`: each time the case was withdrawn or merged
    into another; only one after the reopening concerns the present round.
    """

    state: str
    unit: str | None = None
    unit_name: str | None = None
    helpers: tuple[str, ...] = ()
    complexity: Complexity | None = None
    priority: bool = False
    sensitive: bool = False
    restricted: bool = False
    dispatched_at: datetime | None = None
    contacted_at: datetime | None = None
    replied_at: datetime | None = None
    closed_at: datetime | None = None
    sent_back_at: datetime | None = None
    round: int = 1
    reopened_at: datetime | None = None
    stops: tuple[datetime, ...] = ()
    imported_at: datetime | None = None

    @property
    def first_stop(self) -> datetime | None:
        """When the case was first withdrawn or merged; what happens once in its life is not awaited after that."""
        return self.stops[0] if self.stops else None

    @property
    def stopped_at(self) -> datetime | None:
        """When the case was withdrawn or merged in its present round."""
        last = self.stops[-1] if self.stops else None
        return last if last and (self.reopened_at is None or last >= self.reopened_at) else None

    def after(self, before: "DispatchFacts") -> "DispatchFacts":
        """These, the newest, with what only one event states: the import, the last send-back, and every stop."""
        return replace(
            self,
            sent_back_at=self.sent_back_at or before.sent_back_at,
            stops=(*before.stops, *self.stops),
            imported_at=before.imported_at or self.imported_at,
        )


NOTHING = DispatchFacts(state="unknown")
"""Dispatch has reported nothing yet."""
