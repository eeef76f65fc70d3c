"""Gathering by telephone."""

from datetime import UTC, datetime, timedelta

from services.notify.domain.window import gather, opened_before

NOW = datetime(2026, 11, 24, tzinfo=UTC)
WINDOW = timedelta(seconds=60)


def test_a_window_ends_exactly_after_its_length() -> None:
    assert opened_before(WINDOW, NOW) == NOW - WINDOW


def test_each_telephone_has_its_own_heap_in_order() -> None:
    assert gather([("a", 1), ("b", 2), ("a", 3)]) == {"a": [1, 3], "b": [2]}
