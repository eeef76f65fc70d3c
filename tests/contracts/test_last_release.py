"""Each release reads what the other says, on the newest database: the least that a rolling upgrade takes."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from deploy.machine.folder import ROOT
from services import SERVICES

Database = Callable[[str], str]
Examples = list[dict[str, Any]]
READER = Path(__file__).with_name("reader.py")


def examples(code: Path) -> Examples:
    """Everything a release's services are recorded to say, in an order in which it may arrive."""
    files = sorted((code / "contracts" / "events").rglob("*.examples/*.json"))
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return sorted(found, key=lambda x: (x["headers"]["cloudEvents:sequence"], x["headers"]["cloudEvents:time"]))


def heard(code: Path, service: str, url: str, said: Examples) -> list[list[str]]:
    """What the reader of the release in `code` puts aside of it: [type, subject, error]."""
    done = subprocess.run(
        [sys.executable, str(READER), service, url],
        cwd=code,
        env={"PYTHONPATH": str(code), "PATH": os.environ["PATH"]},
        input=json.dumps([[each["headers"], each["body"]] for each in said]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    aside: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    return aside


@pytest.mark.parametrize("service", SERVICES)
def test_the_last_release_reads_what_is_said_today(service: str, last_release: Path, database: Database) -> None:
    assert heard(last_release, service, database(service), examples(ROOT)) == []


@pytest.mark.parametrize("service", SERVICES)
def test_today_reads_what_the_last_release_said(service: str, last_release: Path, database: Database) -> None:
    assert heard(ROOT, service, database(service), examples(last_release)) == []


# --- mistakes, planted ---


def test_a_field_that_changed_its_type_is_noticed_by_the_last_release(last_release: Path, database: Database) -> None:
    said = copy.deepcopy(examples(ROOT))
    for each in said:
        if each["headers"]["cloudEvents:type"] == "lianxin.case.submitted.v1":
            each["body"]["emergency"] = {"is": each["body"]["emergency"]}
    aside = heard(last_release, "sla", database("sla"), said)
    assert {type_ for type_, _, error in aside if "emergency" in error} == {"case.submitted"}


def test_a_field_that_is_gone_is_noticed_by_the_last_release(last_release: Path, database: Database) -> None:
    said = copy.deepcopy(examples(ROOT))
    for each in said:
        each["body"].pop("due", None)
    assert "clock.started" in {type_ for type_, _, _ in heard(last_release, "notify", database("notify"), said)}


@pytest.mark.parametrize(
    ("service", "revision"),
    [
        ("sla", "alter table clocks rename column due to deadline"),
        ("sla", "alter table cases drop column risk_mark"),
        ("notify", "alter table messages add column channel text not null"),
    ],
)
def test_a_revision_that_takes_away_or_obliges_is_noticed_by_the_last_release(
    service: str, revision: str, last_release: Path, database: Database
) -> None:
    url = database(service)
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(revision)
    connection.close()
    one = json.loads((ROOT / "contracts/events/intake/case.submitted.v1.examples/named.json").read_text("utf-8"))
    aside = heard(last_release, service, url, [one])
    assert [error for _, _, error in aside] == ["failed three times alone"]
