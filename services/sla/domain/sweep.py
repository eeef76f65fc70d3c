"""Where the claim looks for due clocks: from a floor upward, and everywhere once in a while.

Without a floor each look would read past the index entries of all clocks fired since the oldest snapshot, hundreds of
milliseconds in a bad minute (reliability.md 3.2). A look at everything finds what slipped below the floor: a clock
whose case was locked by a process that died, or one held back until its events aside were parked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

BATCH = 500
EVERY = timedelta(seconds=30)
# A clock is armed to fire no earlier than the moment its transaction began, so none appears this far below now.
MARGIN = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Sweep:
    """`floor` None looks at everything; `swept_at` is when that last found nothing more. Times are the database's."""

    floor: datetime | None = None
    swept_at: datetime | None = None

    def after_batch(self, last: datetime) -> "Sweep":
        """A full batch was fired, up to a clock due at `last`: go on from there, and look at everything at the end."""
        return Sweep(floor=last, swept_at=None)

    def after_rest(self, now: datetime) -> "Sweep":
        """Fewer than a batch were due: all up to `now` have fired, if everything was looked at."""
        swept_at = now if self.floor is None else self.swept_at
        if swept_at is None or now - swept_at >= EVERY:
            return Sweep(floor=None, swept_at=swept_at)
        return Sweep(floor=now - MARGIN, swept_at=swept_at)
