"""Every instrument of intake; wrong codes and limits reached are `lianxin_http_requests` with status 404 and 429."""

from chassis.metrics import counter, histogram, reading

LONG = (0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600)

_CHANNEL = "mailbox, hotline, night_talk, walk_in, open311, import"
_KIND = {"kind": "photo, video"}

SUBMITTED = counter(
    "intake", "submitted", "Letters taken in over HTTP", {"channel": _CHANNEL, "emergency": "true, false"}
)
DECIDED = counter("intake", "decided", "Decisions of the centre", {"decision": "accept, refuse"})
CASES = reading(
    "intake",
    "cases",
    "Cases by channel and state: those nobody has decided about, and of the others those submitted today "
    "(Asia/Shanghai)",
    {"channel": _CHANNEL, "state": "submitted, accepted, refused, withdrawn"},
)
IDENTITIES_READ = counter(
    "intake",
    "identities_read",
    "Identities given out; the access log has each",
    {"purpose": "received, promised, closed, reveal"},
)
UPLOADS = counter(
    "intake", "uploads", "Files by what became of them", {**_KIND, "outcome": "begun, received, ready, or why not"}
)
DEVELOPING_SECONDS = histogram(
    "intake", "media_seconds", "One file in the darkroom, from its claim to its record", _KIND, buckets=LONG
)
MEDIA_WAITING = reading("intake", "media_waiting", "Files that wait for the darkroom", _KIND)
MEDIA_OLDEST = reading("intake", "media_oldest_seconds", "Age of the oldest such file", _KIND)
RESIDENTS_ACTS = counter(
    "intake", "residents_acts", "What residents did after the letter", {"act": "the commands of a letter's page"}
)
