"""The public directory as a resident sees it: no login, numbers to tap, and how old each line is."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chassis import clock
from services.dispatch import commands
from services.dispatch.commands import files
from services.dispatch.domain import triage
from tests.service.dispatch.conftest import DATA
from tests.service.dispatch.office import Office

FILE = files.directory(DATA / "directory.demo.json")


def load(office: Office, **ages: int) -> None:
    """Loads the demo's directory as checked today, but each code in `ages` that many days ago."""
    with office.database.transaction() as tx:
        today = clock.now(tx).astimezone(triage.SHANGHAI).date()
        entries = [
            replace(entry, checked_on=today - timedelta(days=ages.get(entry.code.replace("-", "_"), 0)))
            for entry in FILE.entries
        ]
        commands.load_directory(tx, replace(FILE, entries=tuple(entries)))


def shown(office: Office, path: str = "/directory") -> Any:
    return office.client.get(path)


def test_anybody_may_read_it_and_every_number_can_be_tapped(office: Office) -> None:
    load(office)
    page = shown(office)
    assert page.status_code == 200
    numbers = re.findall(r'href="tel:(\d+)"', page.text)
    assert numbers == ["110", "119", "120", *(entry.telephone for entry in FILE.entries)]
    assert "宝民社区党委书记" in page.text and page.text.count("<h1>") == 1
    assert len(page.data) < 100_000


def test_a_community_has_a_page_of_its_own(office: Office) -> None:
    load(office)
    page = shown(office, "/directory/C01")
    assert "宝民社区警长" in page.text and "街道党工委书记" in page.text and "灵芝园社区" not in page.text


@pytest.mark.parametrize("code", ["C99", "O02", "CENTRE"])
def test_what_is_no_community_is_not_found(office: Office, code: str) -> None:
    assert shown(office, f"/directory/{code}").status_code == 404


def test_a_line_nobody_has_checked_for_ninety_days_says_so(office: Office) -> None:
    load(office, C01_S=91, C01_P=90)
    page = shown(office, "/directory/C01").text
    assert page.count("已超过 90 天") == 1


def test_a_change_of_post_is_shown_at_once(office: Office) -> None:
    load(office)
    assert "新任书记" not in shown(office).text
    with office.database.transaction() as tx:
        entries = tuple(replace(e, name="新任书记") if e.code == "C01-S" else e for e in FILE.entries)
        commands.load_directory(tx, replace(FILE, version="2", entries=entries))
    assert "新任书记" in shown(office).text


def test_without_a_directory_the_page_says_what_to_do(office: Office) -> None:
    assert "请先" in shown(office).text
    assert "请先" in shown(office, "/directory/C01").text
