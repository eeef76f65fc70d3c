"""Organisation and duty list as data: loaded, loaded again, changed, closed, refused."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.dispatch import commands
from services.dispatch.commands import files
from tests.service.dispatch.office import Intake, Office
from tests.support.events import published

DATA = Path(files.__file__).parents[1] / "data"
ROOT = DATA.parents[2]
UNITS = files.organisation(DATA / "organisation.demo.json")
DUTIES = files.duties(DATA / "duties.demo.json")
DIRECTORY = files.directory(DATA / "directory.demo.json")
NUMBER = "XA20261124000001"


def load_units(office: Office, change: Callable[[Any], Any] = lambda unit: unit) -> list[str]:
    with office.database.transaction() as tx:
        file = replace(UNITS, units=tuple(change(unit) for unit in UNITS.units))
        return [str(line) for line in commands.load_organisation(tx, file)]


def without_c01(unit: Any) -> Any:
    return replace(unit, active=unit.code != "C01")


def test_migrating_alone_loads_nothing(empty: Office) -> None:
    assert empty.get("/units").json == {"units": []}
    assert empty.get("/duties").json == {"version": "", "duties": []}


def test_without_units_every_case_waits_for_the_centre(empty: Office) -> None:
    empty.take_in(Intake(NUMBER))
    assert empty.get(f"/cases/{NUMBER}").json["state"] == "waiting"


def test_every_unit_is_told_once_and_the_same_file_again_tells_nothing(empty: Office) -> None:
    assert len(load_units(empty)) == 38
    told = published(empty.database)
    assert [(row["type"], row["seq"], row["restricted"]) for row in told] == [("unit.changed", 1, False)] * 38
    first = json.loads(told[0]["body"])
    assert (first["code"], first["kind"], first["active"]) == ("CENTRE", "centre", True)
    assert set(first["contacts"]) == {"duty", "head", "leader"}
    assert load_units(empty) == []
    assert len(published(empty.database)) == 38


def test_a_closed_unit_keeps_its_cases_and_receives_no_new_ones(office: Office) -> None:
    office.take_in(Intake(NUMBER))
    assert load_units(office, without_c01) == ["~ C01 宝民社区: active"]
    changed = published(office.database)[-1]
    assert (changed["type"], changed["subject"], changed["seq"]) == ("unit.changed", "C01", 2)
    assert office.post(f"/cases/{NUMBER}/acknowledge", {}, "unit", "C01").status_code == 200
    office.take_in(Intake("XA20261124000002"))
    refused = office.post("/cases/XA20261124000002/dispatch", {"unit": "C01", "complexity": "simple"})
    assert (refused.status_code, refused.json["code"]) == (422, "unit_closed")
    assert refused.json["errors"][0]["field"] == "unit"


def test_a_file_that_leaves_out_a_unit_is_refused_whole(office: Office) -> None:
    with pytest.raises(commands.Rejected, match="C01 is missing"), office.database.transaction() as tx:
        commands.load_organisation(tx, replace(UNITS, units=tuple(u for u in UNITS.units if u.code != "C01")))


def test_an_ended_duty_stays_readable_and_is_used_no_more(office: Office) -> None:
    shorter = replace(DUTIES, version="2", duties=tuple(d for d in DUTIES.duties if d.code != "SR02"))
    with office.database.transaction() as tx:
        assert [str(line) for line in commands.load_duties(tx, shorter)] == ["- SR02 电动车、单车乱停放"]
    listed = {duty["code"]: duty for duty in office.get("/duties").json["duties"]}
    assert listed["SR02"]["valid_to"] is not None
    office.take_in(Intake(NUMBER))
    assert office.get(f"/cases/{NUMBER}").json["category"] != "市容环卫"


def test_a_duty_can_not_be_led_by_a_unit_that_is_not_there(office: Office) -> None:
    wrong = replace(DUTIES, duties=(replace(DUTIES.duties[0], lead="O77"),))
    with pytest.raises(commands.Rejected, match="O77"), office.database.transaction() as tx:
        commands.load_duties(tx, wrong)


def run(database_url: str, profile: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.dispatch", *arguments],
        env={"PATH": os.environ["PATH"], "DATABASE_URL": database_url, "PROFILE": profile},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_line_loads_prints_the_difference_and_refuses_demo_data_in_production(
    database: Callable[[str], str],
) -> None:
    url = database("dispatch")
    organisation = str(DATA / "organisation.demo.json")
    refused = run(url, "production", "organisation", "load", organisation)
    assert (refused.returncode, "is marked demo" in refused.stderr) == (1, True)
    loaded = run(url, "demo", "organisation", "load", organisation)
    assert (loaded.returncode, len(loaded.stdout.splitlines())) == (0, 38)
    again = run(url, "demo", "organisation", "load", organisation)
    assert (again.returncode, again.stdout) == (0, "nothing to change; version demo-2026.1\n")
    duties = run(url, "demo", "duties", "load", str(DATA / "duties.demo.json"))
    assert (duties.returncode, len(duties.stdout.splitlines())) == (0, len(DUTIES.duties))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "Invalid input type"),
        ('{"version": "1", "units": []}', "units"),
        ('{"version": "1", "units": [{"code": "C01"}]}', "Missing data"),
        (None, "can't be read"),
    ],
)
def test_a_file_that_is_no_organisation_is_refused_with_a_reason(
    tmp_path: Path, content: str | None, says: str
) -> None:
    path = tmp_path / "units.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(files.Unreadable, match=says):
        files.organisation(path)


def load_directory(office: Office, change: Callable[[Any], Any] = lambda file: file) -> list[str]:
    with office.database.transaction() as tx:
        return [str(line) for line in commands.load_directory(tx, change(DIRECTORY))]


def test_the_directory_is_loaded_once_and_changes_line_by_line(office: Office) -> None:
    assert len(load_directory(office)) == len(DIRECTORY.entries)
    assert load_directory(office) == []
    secretary = replace(DIRECTORY.entries[6], name="新任书记")
    kept = (*DIRECTORY.entries[:6], secretary, *DIRECTORY.entries[8:])
    assert load_directory(office, lambda file: replace(file, version="2", entries=kept)) == ["~ C01-S: name", "- C01-P"]
    with office.database.transaction() as tx:
        directory = commands.public_directory(tx)
    assert (directory.version, directory.entries) == ("2", kept)


def test_a_directory_that_names_no_community_of_ours_is_refused_whole(office: Office) -> None:
    wrong = replace(DIRECTORY.entries[6], community="C99")
    with pytest.raises(commands.Rejected, match="C01-S names C99"):
        load_directory(office, lambda file: replace(file, entries=(wrong, *file.entries)))
    with office.database.transaction() as tx:
        assert commands.public_directory(tx).entries == ()
