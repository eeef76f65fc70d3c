"""Open cases of another system come in once, with their true times."""

import argparse
import csv
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from services.intake.domain.open_cases import REQUIRED
from services.intake.operating import importing
from tests.service.intake.conftest import Street
from tests.support.events import published

Make = Callable[..., Street]
LINE = {
    "external_id": "OLD-1",
    "kind": "complaint",
    "name": "温玉成",
    "mobile": "13800000060",
    "description": "路口着火似的晒，建议装遮阳棚。",
    "place": "灵芝园二区",
    "identity": "named",
    "unit": "C07",
    "complexity": "simple",
    "submitted_at": "2026-05-18T23:40:00+08:00",
    "accepted_at": "2026-05-19T00:10:00+08:00",
    "dispatched_at": "2026-05-19T00:20:00+08:00",
    "contacted_at": "",
}


def write(path: Path, *lines: dict[str, str], columns: list[str] = REQUIRED) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, columns)
        sheet.writeheader()
        sheet.writerows(lines)
    return path


def run(here: Street, file: Path, skip_bad: bool = False) -> int:
    return importing.run(argparse.Namespace(file=file, skip_bad=skip_bad), here.settings, here.database)


def test_a_case_comes_in_as_submitted_and_accepted_with_its_true_times(street: Make, tmp_path: Path) -> None:
    here = street()
    assert run(here, write(tmp_path / "open.csv", LINE)) == 0
    submitted, accepted = here.events()
    assert [(e["type"], e["seq"]) for e in (submitted, accepted)] == [("case.submitted", 1), ("case.accepted", 2)]
    assert submitted["subject"].startswith("XA20260518")
    first, second = json.loads(submitted["body"]), json.loads(accepted["body"])
    assert first["at"] == first["submitted_at"] == "2026-05-18T15:40:00Z"
    assert second["at"] == second["accepted_at"] == "2026-05-18T16:10:00Z" and second["accepted_by"] == "import"
    assert first["channel"] == "import" and first["emergency"] is False
    assert (
        first["imported"]
        == second["imported"]
        == {
            "accepted_at": "2026-05-18T16:10:00Z",
            "dispatched_at": "2026-05-18T16:20:00Z",
            "contacted_at": None,
            "unit": "C07",
            "complexity": "simple",
        }
    )
    assert submitted["time"] > datetime.fromisoformat(first["at"])


def test_importing_the_same_file_twice_adds_nothing(
    street: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = street()
    file = write(tmp_path / "open.csv", LINE, {**LINE, "external_id": "OLD-2"})
    assert run(here, file) == run(here, file) == 0
    assert len(published(here.database)) == 4
    assert "0 cases imported, 2 were here already" in capsys.readouterr().out


def test_a_file_with_a_wrong_line_imports_nothing_and_names_line_and_field(
    street: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = street()
    file = write(tmp_path / "open.csv", LINE, {**LINE, "external_id": "OLD-2", "mobile": "13800000"})
    assert run(here, file) == 1
    assert here.events() == []
    said = capsys.readouterr().err
    assert "line 3, mobile: is not a mobile number" in said and "13800000" not in said


def test_the_right_lines_of_a_bad_file_come_in_if_asked_for(street: Make, tmp_path: Path) -> None:
    here = street()
    file = write(tmp_path / "open.csv", {**LINE, "unit": "nobody"}, {**LINE, "external_id": "OLD-2"})
    assert run(here, file, skip_bad=True) == 1
    assert len(here.events()) == 2


def test_many_lines_go_in_batches_and_each_shows_its_progress(
    street: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 10)
    here = street()
    lines = [
        {**LINE, "external_id": f"OLD-{i}", "submitted_at": f"2026-05-{10 + i % 7}T08:00:00+08:00"} for i in range(25)
    ]
    assert run(here, write(tmp_path / "open.csv", *lines)) == 0
    assert len({event["subject"] for event in here.events()}) == 25
    assert "20 of 25 lines done" in capsys.readouterr().err


def test_a_file_that_is_not_utf8_is_refused_in_one_sentence(
    street: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = street()
    file = tmp_path / "open.csv"
    file.write_bytes("external_id,kind\n编号,投诉\n".encode("gb18030"))
    assert run(here, file) == 1
    assert "cannot be read as CSV in UTF-8" in capsys.readouterr().err
