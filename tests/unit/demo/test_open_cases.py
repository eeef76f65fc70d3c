"""The file of open cases: true times, and exactly the moments the scene is about."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.demo import open_cases
from deploy.demo.open_cases import LIMITS, Plan, invent
from services.intake.domain.open_cases import OpenCase, read

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
UNITS = ("C01", "C02", "O03")


def test_the_file_is_what_intake_reads(tmp_path: Path) -> None:
    cases = invent(Plan(left_alone=20, turning_yellow=3, ordinary=4), NOW, UNITS, "A")
    open_cases.write(tmp_path / "open.csv", cases)
    with (tmp_path / "open.csv").open(encoding="utf-8", newline="") as file:
        found = [case for _, case in read(file, frozenset(), NOW)]
    assert len(found) == len(cases)
    for was, became in zip(cases, found, strict=True):
        assert isinstance(became, OpenCase), became
        assert became.imported.dispatched_at == was.dispatched_at


@pytest.mark.parametrize("left_alone", [0, 1, 5, 20])
def test_those_left_alone_were_yellow_at_the_import_and_turn_red_after_it(left_alone: int) -> None:
    plan = Plan(left_alone=left_alone)
    alone = [case for case in invent(plan, NOW, UNITS, "A") if case.fate == "left_alone"]
    assert len(alone) == left_alone
    for case in alone:
        assert case.yellow_at < NOW and NOW + plan.red_in <= case.due < NOW + plan.red_in + timedelta(seconds=3)


def test_some_turn_yellow_with_their_true_quarter_left() -> None:
    plan = Plan(turning_yellow=3)
    turning = [case for case in invent(plan, NOW, UNITS, "A") if case.fate == "turns_yellow"]
    assert {case.due - case.yellow_at for case in turning} == {timedelta(hours=6), timedelta(hours=18)}
    assert all(NOW + plan.yellow_in <= case.yellow_at < NOW + plan.red_in for case in turning)


def test_no_case_is_late_for_anything_that_happened_before_the_import() -> None:
    for case in invent(Plan(left_alone=20, turning_yellow=3, ordinary=4), NOW, UNITS, "A"):
        assert case.accepted_at - case.submitted_at < timedelta(hours=1)
        assert case.dispatched_at - case.accepted_at < timedelta(hours=2)
        assert case.contacted_at is not None and case.contacted_at < NOW
        assert case.due - case.dispatched_at == LIMITS[case.complexity]


def test_every_case_is_told_from_the_others_by_the_millisecond_of_its_dispatch() -> None:
    cases = invent(Plan(left_alone=20, turning_yellow=3, ordinary=4), NOW, UNITS, "A")
    times = {case.dispatched_at.replace(microsecond=case.dispatched_at.microsecond // 1000 * 1000) for case in cases}
    assert len(times) == len(cases) == len({case.external_id for case in cases})
