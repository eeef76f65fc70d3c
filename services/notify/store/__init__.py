"""All SQL of notify, one module per concept."""

from services.notify.store import (
    cases,
    due,
    gauges,
    held,
    letters,
    messages,
    outcomes,
    print_jobs,
    series,
    sms,
    units,
    windows,
)

__all__ = [
    "cases",
    "due",
    "gauges",
    "held",
    "letters",
    "messages",
    "outcomes",
    "print_jobs",
    "series",
    "sms",
    "units",
    "windows",
]
