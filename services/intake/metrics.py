"""All metrics of intake; wrong codes and limits reached are `lianxin_http_requests` with status 404 and 429."""

from chassis.metrics import counter, histogram, reading
from services.intake.domain.case import Channel, State
from services.intake.domain.contacts import PURPOSES
from services.intake.domain.holder import Grade
from services.intake.domain.media import Kind, Reason

LONG = (0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600)

_KIND = {"kind": tuple(Kind)}

SUBMITTED = counter(
    "intake", "submitted", "Letters taken in over HTTP", {"channel": tuple(Channel), "emergency": ("true", "false")}
)
DECIDED = counter("intake", "decided", "Decisions of the centre", {"decision": ("accept", "refuse")})
CASES = reading(
    "intake",
    "cases",
    "Cases by channel and state: those nobody has decided about, and of the others those submitted since midnight in "
    "Asia/Shanghai",
    {"channel": tuple(Channel), "state": tuple(State)},
)
IDENTITIES_READ = counter(
    "intake",
    "identities_read",
    "Identities given out; the access log has each",
    {"purpose": (*PURPOSES, "reveal")},
)
UPLOADS = counter(
    "intake",
    "uploads",
    "Files by what became of them",
    {**_KIND, "outcome": ("begun", "received", "ready", "given_up", *Reason)},
)
DEVELOPING_SECONDS = histogram(
    "intake", "media_seconds", "One file in the darkroom, from its claim to its record", _KIND, buckets=LONG
)
MEDIA_WAITING = reading("intake", "media_waiting", "Files that wait for the darkroom", _KIND)
MEDIA_OLDEST = reading("intake", "media_oldest_seconds", "Age of the oldest such file", _KIND)
RESIDENTS_ACTS = counter(
    "intake", "residents_acts", "What residents did after the letter", {"act": ("supplement", "withdraw", "rate")}
)
RATINGS = counter("intake", "ratings", "How residents found the end of their cases", {"grade": tuple(Grade)})
