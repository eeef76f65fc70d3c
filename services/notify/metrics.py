"""What notify counts (names are lianxin_notify_…)."""

from chassis import metrics

MESSAGES = metrics.counter(
    "notify", "messages", "Messages that reached an end, or went to a person", ["template", "outcome"]
)
SMS = metrics.counter("notify", "sms", "SMS handed to the gateway, by its answer", ["gateway", "fate"])
SMS_PARTS = metrics.counter("notify", "sms_parts", "Billed parts of the SMS that were taken", ["audience"])
GATEWAY_SECONDS = metrics.histogram("notify", "gateway_seconds", "One batch at the gateway, from call to last answer")
CONTACTS = metrics.counter("notify", "contacts", "Questions to intake for residents' telephones", ["outcome"])
LETTERS = metrics.counter("notify", "letters", "Warning letters that reached a state", ["state"])
PRINT_SECONDS = metrics.histogram("notify", "print_seconds", "One print run of letters in the child process")
WAITING = metrics.gauge(
    "notify", "messages_waiting", "Messages by state, from the database: max over replicas", ["state"]
)
OLDEST = metrics.gauge(
    "notify", "messages_oldest_seconds", "Age of the oldest due message, from the database: max over replicas"
)
UNSIGNED = metrics.gauge("notify", "letters_open", "Letters by state, from the database: max over replicas", ["state"])
