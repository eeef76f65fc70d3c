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
    "Messages that reached an end, or went to a person",
    {"template": tuple(TEMPLATES), "outcome": ("sent", "failed", "skipped", "held")},
)
SMS = metrics.counter(
    "notify",
    "sms",
    "SMS handed to the gateway, by its answer",
    {"gateway": "the gateway of the settings", "fate": tuple(Fate)},
)
SMS_PARTS = metrics.counter(
    "notify", "sms_parts", "Billed parts of the SMS that were taken", {"audience": ("resident", "unit")}
)
GATEWAY_SECONDS = metrics.histogram("notify", "gateway_seconds", "One batch at the gateway, from call to last answer")
CONTACTS = metrics.counter("notify", "contacts", "Questions to intake for residents' telephones", _OUTCOME)
CONTACTS_SECONDS = metrics.histogram(
    "notify", "contacts_seconds", "One such question, from asking to the answer opened", _OUTCOME
)
LETTERS = metrics.counter("notify", "letters", "Warning letters that reached a state", {"state": tuple(State)})
PRINT_SECONDS = metrics.histogram("notify", "print_seconds", "One print run of letters in the child process")
WAITING = metrics.reading(
    "notify", "messages_waiting", "Messages without an end", {"state": ("pending", "claimed", "held")}
)
OLDEST = metrics.reading("notify", "messages_oldest_seconds", "Age of the oldest message that is due; 0: none is")
UNSIGNED = metrics.reading(
    "notify", "letters_open", "Letters that wait for somebody", {"state": ("proposed", "signed", "issued")}
)


def count_messages(templates: Iterable[str], outcome: str) -> None:
    """Counts one message of each of `templates` (repeats count again)."""
    for template in templates:
        MESSAGES.labels(template, outcome).inc()


def count_contacts(outcome: str, seconds: float) -> None:
    """Counts one question to intake, `answered` or `silent`."""
    CONTACTS.labels(outcome).inc()
    CONTACTS_SECONDS.labels(outcome).observe(seconds)
