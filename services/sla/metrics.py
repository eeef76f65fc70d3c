"""What sla counts, besides what every service has."""

from typing import TYPE_CHECKING

from chassis.metrics import counter, histogram, reading
from services.sla.domain.limit import Kind

if TYPE_CHECKING:
    from services.sla.store import FiredBatch

ARMED = reading("sla", "clocks_armed", "Clocks with something still to come")
DUE = reading("sla", "clocks_due", "Clocks whose time has come and which have not fired")
LATEST = reading(
    "sla", "clocks_latest_seconds", "How long ago the longest due of these should have fired; 0: none is due"
)
FIRED = counter(
    "sla",
    "clocks_fired",
    "Yellow (warned) and red (breached) fired by the claim",
    {"kind": tuple(Kind), "stage": ("warned", "breached")},
)
LATENESS = histogram("sla", "clock_lateness_seconds", "From the moment a clock was due to the claim that fired it")
CAUGHT_UP = reading(
    "sla", "caught_up", "1 while clocks may fire: every event published 2 s ago is committed here", fresh=15.0
)


def observe(batch: "FiredBatch") -> None:
    """Counts what one claim fired."""
    for key, count in batch.fired.items():
        FIRED.labels(*key.split(".")).inc(count)
    for seconds in batch.lateness:
        LATENESS.observe(seconds)
