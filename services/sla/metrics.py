"""What sla counts, besides what every service has."""

from typing import TYPE_CHECKING

from chassis.metrics import counter, gauge, histogram

if TYPE_CHECKING:
    from services.sla.store import Claim

ARMED = gauge("sla", "clocks_armed", "Clocks with something still to come, from the database: max over replicas")
FIRED = counter("sla", "clocks_fired", "Yellow (warned) and red (breached) fired by the claim", ["kind", "stage"])
LATENESS = histogram("sla", "clock_lateness_seconds", "From the moment a clock was due to the claim that fired it")
CAUGHT_UP = gauge("sla", "caught_up", "1 while this process may fire: every event published 2 s ago is committed here")


def observe(claim: "Claim") -> None:
    """Counts one claim."""
    for key, count in claim.fired.items():
        FIRED.labels(*key.split(".")).inc(count)
    for seconds in claim.lateness:
        LATENESS.observe(seconds)
