"""The centre at its reception, as a browser without a script meets it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.service.intake.conftest import LETTER, Street
from tests.service.intake.test_after_the_letter import act
from tests.service.intake.test_letter_pages import field

Make = Callable[..., Street]
FIRE = {**LETTER, "description": "楼下正在着火，火很大，快来人"}


def officer(here: Street, role: str = "centre") -> Street:
    here.client.set_cookie("lianxin_token", here.issuer.token("officer-1", role, unit="CENTRE"))
    return here


def resident(here: Street) -> Street:
    """The same street from a telephone of its own."""
    return replace(here, client=here.client.application.test_client())


def written(here: Street, letter: Mapping[str, Any] = LETTER) -> Any:
    return resident(here).post(letter).json


def post(here: Street, path: str, **typed: Any) -> TestResponse:
    token = field(here.client.get("/reception"), "csrf")
    return here.client.post(f"/reception{path}", data={"csrf": token, **typed})


def states(here: Street) -> list[str]:
    return [item["state"] for item in here.desk().json["items"]]


def test_possible_dangers_come_first_with_the_time_left(street: Make) -> None:
    here = officer(street())
    usual, fire = written(here)["number"], written(here, FIRE)["number"]
    page = here.client.get("/reception").text
    assert page.index(fire) < page.index(usual)
    assert "还剩" in page and "着火" in page
    assert "13800000001" not in page and "欧阳小禾" not in page


def test_one_letter_is_accepted_by_its_button(street: Make) -> None:
    here = officer(street())
    first, second = written(here)["number"], written(here)["number"]
    answer = post(here, "/accept", one=first, case=second)
    assert (answer.status_code, answer.location) == (303, "/reception")
    assert states(here) == ["accepted", "submitted"]
    page = here.client.get("/reception").text
    assert f"{first} 已受理" in page and f"row-{first}" not in page


def test_what_is_ticked_is_accepted_but_for_possible_dangers(street: Make) -> None:
    here = officer(street())
    numbers = [written(here, letter)["number"] for letter in (LETTER, FIRE, LETTER)]
    post(here, "/accept", case=[*numbers, "XA20200101000001"])
    assert states(here) == ["accepted", "submitted", "accepted"]
    assert "已受理 2 件" in here.client.get("/reception").text


def test_a_letter_is_read_in_full_with_its_writer_masked(street: Make) -> None:
    here = officer(street())
    receipt = written(here)
    act(resident(here), receipt, "supplements", {"text": "灯杆也歪了"})
    page = here.client.get(f"/reception/{receipt['number']}").text
    assert LETTER["description"] in page and "灯杆也歪了" in page
    assert "138****0001" in page and "13800000001" not in page and "欧阳小禾" not in page


def test_full_name_and_telephone_need_a_reason_and_are_shown_once(street: Make) -> None:
    here = officer(street())
    number = written(here)["number"]
    refused = post(here, f"/{number}/reveal", why="")
    assert refused.status_code == 422 and 'id="why-error"' in refused.text
    shown = post(here, f"/{number}/reveal", why="核对现场")
    assert "13800000001" in shown.text and shown.headers["Cache-Control"] == "no-store"
    assert "13800000001" not in here.client.get(f"/reception/{number}").text


def test_a_refusal_needs_a_reason(street: Make) -> None:
    here = officer(street())
    number = written(here)["number"]
    revision = field(here.client.get(f"/reception/{number}"), "revision")
    missing = post(here, f"/{number}/refuse", revision=revision)
    assert missing.status_code == 422 and 'id="reason-error"' in missing.text
    assert post(here, f"/{number}/refuse", revision=revision, reason="duplicate").status_code == 303
    assert states(here) == ["refused"]


def test_whoever_comes_second_is_told_and_changes_nothing(street: Make) -> None:
    here = officer(street())
    number = written(here)["number"]
    revision = field(here.client.get(f"/reception/{number}"), "revision")
    post(here, f"/{number}/accept", revision=revision)
    before = len(here.events())
    post(here, "/accept", one=number)
    assert "已由他人处理，现在是“已受理”" in here.client.get("/reception").text
    assert post(here, f"/{number}/refuse", revision=revision, reason="duplicate").status_code == 412
    assert len(here.events()) == before and states(here) == ["accepted"]


def test_a_letter_that_was_added_to_meanwhile_is_read_again_first(street: Make) -> None:
    here = officer(street())
    receipt = written(here)
    revision = field(here.client.get(f"/reception/{receipt['number']}"), "revision")
    act(resident(here), receipt, "supplements", {"text": "灯杆也歪了"})
    assert post(here, f"/{receipt['number']}/refuse", revision=revision, reason="no_content").status_code == 412
    assert states(here) == ["submitted"]


def test_the_count_is_a_fragment(street: Make) -> None:
    here = officer(street())
    written(here, FIRE)
    text = here.client.get("/reception/count").text
    assert "<html" not in text and "险情字样" in text


@pytest.mark.parametrize("path", ["", "/count", "/XA20261124000001"])
def test_the_reception_is_the_centres(street: Make, path: str) -> None:
    here = street()
    assert here.client.get(f"/reception{path}").status_code == 307
    assert officer(here, "unit").client.get(f"/reception{path}").status_code == 403


def test_an_unknown_letter_is_not_found(street: Make) -> None:
    assert officer(street()).client.get("/reception/XA20200101000001").status_code == 404
