"""Every instrument of intake; wrong codes and limits reached are `lianxin_http_requests` with status 404 and 429."""

from chassis.metrics import counter

SUBMITTED = counter("intake", "submitted", "Letters taken in over HTTP", ["channel", "emergency"])
DECIDED = counter("intake", "decided", "Decisions of the centre", ["decision"])
IDENTITIES_READ = counter("intake", "identities_read", "Identities given out; the access log has each", ["purpose"])
