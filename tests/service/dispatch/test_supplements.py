"""What a resident adds to a letter: read with the case, by those who see it, and by nobody else."""

import pytest
from sqlalchemy import text

from chassis.delivery.envelope import Draft
from tests.service.dispatch.browser import Browser
from tests.service.dispatch.office import Intake, Office
from tests.support.events import message, published

NUMBER = "XA20261124000001"
CASE = f"/desk/cases/{NUMBER}"
LETTER = Intake(NUMBER)
FIRST = LETTER.supplemented("今天早上又堵住了盲道。", seq=3)
SECOND = LETTER.supplemented("", media=2, seq=4, minutes=20)


@pytest.fixture
def sent(office: Office) -> Office:
    """The letter went to C01 by the rule."""
    office.take_in(LETTER)
    return office


def add(office: Office, *drafts: Draft, epoch: int = 1) -> None:
    office.receive(*(message(draft, "intake", epoch=epoch) for draft in drafts))


def test_the_unit_reads_what_was_added_newest_last(sent: Office) -> None:
    add(sent, FIRST, SECOND)
    assert sent.get(f"/cases/{NUMBER}", "unit", "C01").json["supplements"] == [
        {"at": "2026-11-24T06:10:00Z", "text": "今天早上又堵住了盲道。", "media": 0},
        {"at": "2026-11-24T06:20:00Z", "text": "", "media": 2},
    ]
    page = Browser(sent, "unit", "C01").open(CASE).words
    places = [page.index(each) for each in ("诉求人补充", "14:10", "又堵住了盲道", "14:20", "附 2 个照片或视频")]
    assert places == sorted(places)


def test_another_unit_finds_neither_the_case_nor_what_was_added(sent: Office) -> None:
    add(sent, FIRST)
    answer = sent.get(f"/cases/{NUMBER}", "unit", "C07")
    assert answer.status_code == 404 and "盲道" not in answer.text
    page = Browser(sent, "unit", "C07").open(CASE)
    assert page.status == 404 and "盲道" not in page.words


def test_a_letter_that_nothing_was_added_to_has_no_such_section(sent: Office) -> None:
    assert "诉求人补充" not in Browser(sent).open(CASE).words
    assert sent.get(f"/cases/{NUMBER}").json["supplements"] == []


def test_the_case_itself_stays_as_it_is_and_tells_nothing(sent: Office) -> None:
    before, told = sent.get(f"/cases/{NUMBER}"), published(sent.database)
    add(sent, FIRST)
    after = sent.get(f"/cases/{NUMBER}")
    assert after.headers["ETag"] == before.headers["ETag"] and published(sent.database) == told
    assert {**after.json, "supplements": []} == before.json


def test_told_again_by_a_restored_intake_it_is_kept_once_and_a_new_one_of_its_number_too(sent: Office) -> None:
    add(sent, FIRST)
    add(sent, FIRST)
    add(sent, FIRST, epoch=2)
    add(sent, LETTER.supplemented("现在清走了一半。", seq=3, minutes=30), epoch=3)
    found = sent.get(f"/cases/{NUMBER}").json["supplements"]
    assert [each["text"] for each in found] == ["今天早上又堵住了盲道。", "现在清走了一半。"]


def test_what_comes_before_its_letter_is_kept_for_it_and_seen_by_nobody(office: Office) -> None:
    add(office, FIRST)
    assert office.get(f"/cases/{NUMBER}").status_code == 404
    with office.database.transaction() as tx:
        assert tx.execute(text("select count(*) from cases")).scalar_one() == 0
        assert tx.execute(text("select count(*) from aside")).scalar_one() == 0
    office.receive(*(message(draft, "intake", epoch=2) for draft in (LETTER.submitted, LETTER.accepted)))
    assert [each["text"] for each in office.get(f"/cases/{NUMBER}").json["supplements"]] == ["今天早上又堵住了盲道。"]
