"""What notify counts (names are lianxin_notify_…)."""

from collections.abc import Iterable

from chassis import metrics
from services.notify.domain.gateway import Fate
from services.notify.domain.letter import State
from services.notify.domain.template import TEMPLATES

_OUTCOME = {"outcome": ("answered", "silent")}

MESSAGES = metrics.counter(
    "notify",
    "messages",
    "Messages that reached a final state, or were held",
    {"template": tuple(TEMPLATES), "outcome": ("sent", "failed", "skipped", "held")},
)
SMS = metrics.counter(
    "notify",
    "sms",
    "SMS handed to the gateway, by its answer",
    {"gateway": "the gateway of the settings", "fate": tuple(Fate)},
)
SMS_PARTS = metrics.counter(
    "notify", "sms_parts", "Billed parts of the SMS the gateway took", {"audience": ("resident", "unit")}
)
GATEWAY_SECONDS = metrics.histogram(
    "notify", "gateway_seconds", "One batch at the gateway, from the call to the last answer"
)
CONTACTS = metrics.counter("notify", "contacts", "Requests to intake for residents' telephone numbers", _OUTCOME)
CONTACTS_SECONDS = metrics.histogram(
    "notify", "contacts_seconds", "One such request, from asking to the decrypted answer", _OUTCOME
)
LETTERS = metrics.counter("notify", "letters", "Warning letters that reached a state", {"state": tuple(State)})
PRINT_SECONDS = metrics.histogram("notify", "print_seconds", "One print run of letters in the child process")
WAITING = metrics.reading(
    "notify", "messages_waiting", "Messages not in a final state", {"state": ("pending", "claimed", "held")}
)
OLDEST = metrics.reading("notify", "messages_oldest_seconds", "Age of the oldest due message; 0 if none is due")
UNSIGNED = metrics.reading(
    "notify",
    "letters_open",
    "Letters that wait for a leader, the printer or a unit",
    {"state": ("proposed", "signed", "issued")},
)


def count_messages(templates: Iterable[str], outcome: str) -> None:
    """Counts one message of each of `templates` (repeats count again)."""
    for template in templates:
        MESSAGES.labels(template, outcome).inc()


def count_contacts(outcome: str, seconds: float) -> None:
    """Counts one request to intake, `answered` or `silent`."""
    CONTACTS.labels(outcome).inc()
    CONTACTS_SECONDS.labels(outcome).observe(seconds)
