"""Lines of open cases of another system, right and wrong."""

import csv
import io
from datetime import UTC, datetime

import pytest

from services.intake.domain.open_cases import OPTIONAL, REQUIRED, Fault, OpenCase, read

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
COMMUNITIES = frozenset({"C01", "C07"})
LINE = {
    "external_id": "OLD-1",
    "kind": "complaint",
    "name": "温玉成",
    "mobile": "138 0000 0060",
    "description": "路口没有遮阳棚。",
    "place": "灵芝园二区",
    "community": "C07",
    "identity": "named",
    "submitted_at": "2026-11-23T08:00:00+08:00",
    "accepted_at": "2026-11-23T08:20:00+08:00",
    "dispatched_at": "2026-11-23T00:30:00Z",
    "contacted_at": "",
    "unit": "C07",
    "complexity": "simple",
}


def lines(*rows: dict[str, str], columns: list[str] | None = None) -> list[OpenCase | Fault]:
    file = io.StringIO()
    sheet = csv.DictWriter(file, columns or [*REQUIRED, *OPTIONAL], extrasaction="ignore")
    sheet.writeheader()
    sheet.writerows(rows)
    return [found for _, found in read(io.StringIO(file.getvalue(), newline=""), COMMUNITIES, NOW)]


def test_a_right_line_is_a_case_with_its_times_in_utc() -> None:
    [case] = lines(LINE)
    assert isinstance(case, OpenCase)
    assert case.mobile == "13800000060" and case.statement.channel == "import"
    assert case.submitted_at == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
    assert (
        case.imported.dispatched_at == datetime(2026, 11, 23, 0, 30, tzinfo=UTC) and case.imported.contacted_at is None
    )


def test_a_time_without_a_zone_is_meant_in_shanghai() -> None:
    [case] = lines({**LINE, "submitted_at": "2026-11-23 08:00:00"})
    assert isinstance(case, OpenCase) and case.submitted_at == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def test_an_anonymous_line_needs_no_name_and_no_telephone() -> None:
    [case] = lines({**LINE, "identity": "anonymous", "name": "", "mobile": ""})
    assert isinstance(case, OpenCase) and case.name is case.mobile is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("external_id", ""), ("kind", "wish"), ("name", ""), ("name", "名" * 51), ("mobile", "1380000"), ("mobile", ""),
        ("description", "短"), ("description", "长" * 10_001), ("place", "远" * 201), ("community", "C99"), ("identity", ""),
        ("submitted_at", "yesterday"), ("submitted_at", "2026-11-24T11:00:00+08:00"), ("submitted_at", "0001-01-01T00:00:00+14:00"),
        ("accepted_at", "2026-11-23T07:59:59+08:00"), ("dispatched_at", "2026-11-23T00:19:59Z"),
        ("contacted_at", "2026-11-23T00:29:59Z"), ("dispatched_at", ""), ("unit", "nobody"), ("complexity", "hard"),
        ("channel", "pigeon"),
    ],
)  # fmt: skip
def test_a_wrong_line_names_its_field_and_not_the_value(field: str, value: str) -> None:
    [fault] = lines({**LINE, field: value})
    assert isinstance(fault, Fault) and (fault.line, fault.field) == (2, field)
    assert len(value) < 3 or value not in str(fault)


def test_a_repeated_external_id_names_the_line_it_repeats() -> None:
    first, second = lines(LINE, LINE)
    assert isinstance(first, OpenCase) and str(second) == "line 3, external_id: is already on line 2"


def test_a_missing_column_is_told_before_any_line() -> None:
    [fault] = lines(LINE, columns=[name for name in REQUIRED if name != "unit"])
    assert isinstance(fault, Fault) and (fault.line, fault.field) == (1, "unit")


def test_the_community_column_may_be_absent() -> None:
    [case] = lines(LINE, columns=REQUIRED)
    assert isinstance(case, OpenCase) and case.statement.community is None
