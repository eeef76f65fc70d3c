"""Every instrument of intake; wrong codes and limits reached are `lianxin_http_requests` with status 404 and 429."""

from chassis.metrics import counter, gauge, histogram

LONG = (0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600)

SUBMITTED = counter("intake", "submitted", "Letters taken in over HTTP", ["channel", "emergency"])
DECIDED = counter("intake", "decided", "Decisions of the centre", ["decision"])
IDENTITIES_READ = counter("intake", "identities_read", "Identities given out; the access log has each", ["purpose"])
UPLOADS = counter("intake", "uploads", "Files by what became of them", ["kind", "outcome"])
DEVELOPING_SECONDS = histogram(
    "intake", "media_seconds", "One file in the darkroom, from its claim to its record", ["kind"], buckets=LONG
)
MEDIA_WAITING = gauge(
    "intake", "media_waiting", "Files that wait for the darkroom, from the database: max over replicas", ["kind"]
)
MEDIA_OLDEST = gauge(
    "intake", "media_oldest_seconds", "Age of the oldest such file, from the database: max over replicas", ["kind"]
)
RESIDENTS_ACTS = counter("intake", "residents_acts", "What residents did after the letter", ["act"])
