"""When the accounts are in order, and what is written of every line."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.accounts import mistakes, table, write_outcomes
from deploy.demo.letters import Letter
from deploy.demo.residents import Posted

SUMMARY: dict[str, Any] = {
    "read": 3, "submitted": 2, "refused_by_validation": 1, "accepted": 2, "dispatched": 2, "dispatched_automatically": 1,
    "closed": 2, "warned": 3, "breached": 5, "breached_by_clock": {"accept": 0, "dispatch": 0, "contact": 0, "close": 5},
    "proposed": 5, "letters": 5, "left_alone": 5, "sms": 9, "lost": 0, "doubled": 0, "seconds": 1.0,
}  # fmt: skip


def test_accounts_in_order_have_no_mistake_and_a_line_for_every_figure() -> None:
    assert mistakes(SUMMARY) == []
    assert len(table(SUMMARY)) == len(SUMMARY)


@pytest.mark.parametrize(
    "name", ["breached", "proposed", "letters", "left_alone", "lost", "doubled", "read", "submitted"]
)
def test_every_figure_that_does_not_fit_is_a_mistake(name: str) -> None:
    assert mistakes(SUMMARY | {name: SUMMARY[name] + 1})


def test_a_breach_of_another_clock_is_a_mistake() -> None:
    assert mistakes(SUMMARY | {"breached_by_clock": SUMMARY["breached_by_clock"] | {"contact": 1}})


def test_every_line_has_its_outcome_without_saying_who_wrote_it(tmp_path: Path) -> None:
    body = {"description": "路灯坏了", "name": "冯喆堃", "mobile": "13800000009"}
    letters = [Letter(line, datetime(2026, 11, 24, tzinfo=UTC), body) for line in (2, 1, 3)]
    invalid = {"code": "invalid", "errors": [{"field": "description", "message": "请用2至10000个字说明问题"}]}
    posted = [
        Posted(letters[0], "taken_in", 201, {"number": "XA20261124000002"}),
        Posted(letters[1], "taken_in", 201, {"number": "XA20261124000001"}),
        Posted(letters[2], "refused_by_validation", 422, invalid),
    ]
    write_outcomes(tmp_path / "outcomes.jsonl", posted, {"XA20261124000001": "closed"})
    text = (tmp_path / "outcomes.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["line"], line["outcome"]) for line in lines] == [
        (1, "closed"),
        (2, "taken_in"),
        (3, "refused_by_validation"),
    ]
    assert "冯喆堃" not in text and "13800000009" not in text
