"""`make status` as an operator meets it: beside a running system, with the broker away, and with nothing at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.machine.folder import ROOT, Folder
from deploy.system.environment import Environment
from deploy.system.testbed import SystemUnderTest
from services import SERVICES

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]
SHARED = True


def status(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`make status` in the folder."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.system.status"],
        cwd=ROOT,
        env=os.environ | {"RUN": str(folder)} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def answers(folder: Path) -> dict[str, dict[str, object]]:
    printed = status(folder, JSON="1").stdout.splitlines()
    return {known["service"]: known for known in map(json.loads, printed)}


def test_one_screen_shows_all_four_services_and_every_line_has_a_verdict(system: SystemUnderTest) -> None:
    done = status(system.folder.path)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[0] for line in lines if line[0] != " "] == list(SERVICES)
    assert all(any(shape in line for shape in (" . ok ", " ? look ")) for line in lines)
    assert len(lines) <= 40


def test_a_broker_that_is_away_is_said_in_a_line_of_each_and_the_rest_goes_on(
    system: SystemUnderTest, tmp_path: Path
) -> None:
    cut = dict.fromkeys(SERVICES, "amqp://nobody:nothing@127.0.0.1:1/%2F")
    Environment(Folder(tmp_path), system.environment.databases, cut, settings=system.environment.settings).keep()
    found = answers(tmp_path)
    assert {known["queue"]["answer"] for known in found.values()} == {"broker away"}  # type: ignore[index]
    assert {known["database"] for known in found.values()} == {"answers"}
    assert status(tmp_path).returncode == 1


def test_one_database_that_is_away_hides_no_other_service(system: SystemUnderTest, tmp_path: Path) -> None:
    databases = dict(system.environment.databases) | {"sla": "postgresql://nobody@127.0.0.1:1/none"}
    Environment(Folder(tmp_path), databases, system.environment.brokers).keep()
    found = answers(tmp_path)
    assert {service: known["database"] for service, known in found.items()} == {
        "intake": "answers",
        "dispatch": "answers",
        "sla": "away",
        "notify": "answers",
    }
    assert found["sla"]["queue"]["answer"] == "ok"  # type: ignore[index]


def test_a_service_that_cannot_even_be_asked_is_one_line(system: SystemUnderTest, tmp_path: Path) -> None:
    broken = {"notify": {"SMS_WINDOW": "soon"}}
    Environment(Folder(tmp_path), system.environment.databases, system.environment.brokers, settings=broken).keep()
    done = status(tmp_path)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("notify")]
    assert "! act" in line and "SMS_WINDOW" in line
    assert done.returncode == 1


def test_a_folder_nothing_ever_ran_in_is_one_sentence(tmp_path: Path) -> None:
    done = status(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("No system was ever started in")
