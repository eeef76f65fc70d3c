"""Each act has one command behind the API and the pages: the same letter makes the same events by either door."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.service.intake import test_holder_pages as holder_pages
from tests.service.intake import test_reception_pages as reception_pages
from tests.service.intake.conftest import LETTER, Street
from tests.service.intake.test_after_the_letter import act, closed
from tests.service.intake.test_letter_pages import sent, shown

Make = Callable[..., Street]
OF_THE_MOMENT = {"number", "same_telephone", "at", "submitted_at", "accepted_at", "refused_at", "withdrawn_at"}


def facts(here: Street, number: str) -> list[tuple[str, Mapping[str, Any]]]:
    """What the events of one case say, except what differs from one letter to the next."""
    told = [(event["type"], json.loads(event["body"])) for event in here.events() if event["subject"] == number]
    return [(type_, {name: data[name] for name in data.keys() - OF_THE_MOMENT}) for type_, data in told]


def reads(here: Street, number: str) -> list[tuple[str, str, list[str]]]:
    """Who read personal data of one case, why, and which."""
    with here.database.transaction() as tx:
        rows = tx.exec_driver_sql("select number, who, why, what from access_log order by id").all()
    return [(row.who, row.why, row.what) for row in rows if row.number == number]


def by_page(here: Street) -> str:
    return shown(sent(here), "编号")


def test_a_letter_says_the_same_by_either_door(street: Make) -> None:
    here = street()
    page, api = by_page(here), here.post(LETTER).json["number"]
    assert facts(here, page) == facts(here, api) != []


@pytest.mark.parametrize(
    ("path", "typed"), [("accept", {}), ("refuse", {"reason": "not_in_scope"}), ("reveal", {"reason": "需要回电"})]
)
def test_the_centre_decides_and_reveals_by_either_door(street: Make, path: str, typed: dict[str, str]) -> None:
    here = reception_pages.officer(street())
    page, api = (reception_pages.written(here)["number"] for _ in range(2))
    form = {"why": typed["reason"]} if path == "reveal" else {**typed, "revision": "1"}
    assert reception_pages.post(here, f"/{page}/{path}", **form).status_code in (200, 303)
    assert here.desk(f"/{api}/{path}", typed).status_code == 200
    assert facts(here, page) == facts(here, api)
    assert reads(here, page) == reads(here, api)


@pytest.mark.parametrize(
    ("page_path", "api_path", "typed"),
    [("supplement", "supplements", {"text": "灯杆也歪了"}), ("withdraw", "withdrawal", {})],
)
def test_the_holder_acts_by_either_door(street: Make, page_path: str, api_path: str, typed: dict[str, str]) -> None:
    here = street()
    page, receipt = by_page(here), here.post().json
    assert holder_pages.act(here, page_path, **typed).status_code == 303
    assert act(here, receipt, api_path, typed).status_code == 200
    assert facts(here, page) == facts(here, receipt["number"])


def test_the_holder_rates_by_either_door(street: Make) -> None:
    here = street()
    page, receipt = by_page(here), here.post().json
    for number in (page, receipt["number"]):
        closed(here, number)
    assert holder_pages.act(here, "rate", grade="satisfied").status_code == 303
    assert act(here, receipt, "rating", {"grade": "satisfied"}).status_code == 200
    assert facts(here, page) == facts(here, receipt["number"])


def test_officers_who_type_letters_in_are_limited_by_neither_door(street: Make) -> None:
    here = reception_pages.officer(street(submissions_per_hour="1"))
    token = f"Bearer {here.issuer.token('officer-1', 'centre', unit='CENTRE')}"
    for _ in range(3):
        by_page(here)
        assert here.post(Authorization=token).status_code == 201
