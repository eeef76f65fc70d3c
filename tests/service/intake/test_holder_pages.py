"""What a resident does on the progress page, as a browser without a script meets it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.service.intake.conftest import Street
from tests.service.intake.test_after_the_letter import closed
from tests.service.intake.test_letter_pages import field, sent, shown

Make = Callable[..., Street]
NEXT = "/progress"


def act(here: Street, what: str, **typed: Any) -> TestResponse:
    page = here.client.get(NEXT)
    hidden = {"csrf": field(page, "csrf")}
    if key := re.search(r'name="idempotency_key" value="([^"]+)"', page.text):
        hidden["idempotency_key"] = key.group(1)
    return here.client.post(f"/progress/{what}", data={**hidden, **typed})


def told(here: Street) -> list[str]:
    return [event["type"] for event in here.events()]


def test_a_resident_adds_to_the_letter_and_sees_it_among_the_steps(street: Make) -> None:
    here = street()
    sent(here)
    answer = act(here, "supplement", text="灯杆也歪了")
    assert (answer.status_code, answer.location) == (303, NEXT)
    page = here.client.get(NEXT).text
    assert "已收到您的补充" in page and "补充说明" in page
    assert told(here) == ["case.submitted", "case.supplemented"]


def test_danger_in_a_supplement_shows_the_numbers_to_call(street: Make) -> None:
    here = street()
    sent(here)
    act(here, "supplement", text="楼下正在着火，火很大")
    assert "请立即拨打119" in here.client.get(NEXT).text


def test_an_empty_supplement_is_said_beside_its_field(street: Make) -> None:
    here = street()
    sent(here)
    answer = act(here, "supplement", text=" ")
    assert answer.status_code == 422 and 'id="text-error"' in answer.text
    assert told(here) == ["case.submitted"]


def test_a_letter_is_taken_back_and_nothing_more_may_be_done(street: Make) -> None:
    here = street()
    sent(here)
    assert "确定撤回" in here.client.get(NEXT).text
    assert act(here, "withdraw").status_code == 303
    page = here.client.get(NEXT).text
    assert "诉求已撤回" in page and "已撤回" in page
    assert "/progress/supplement" not in page and "/progress/withdraw" not in page
    assert act(here, "withdraw").status_code == 409


def test_a_letter_that_is_being_handled_is_asked_back(street: Make) -> None:
    here = street(accept_automatically="true")
    sent(here)
    act(here, "withdraw")
    assert "您已申请撤回" in here.client.get(NEXT).text
    assert told(here)[-1] == "case.withdrawal_asked"


def test_a_closed_case_is_rated_and_the_resident_is_told_what_follows(street: Make) -> None:
    here = street(accept_automatically="true")
    number = shown(sent(here), "编号")
    closed(here, number)
    page = here.client.get(NEXT).text
    assert "退回承办单位重新办理一次" in page and "/progress/withdraw" not in page
    missing = act(here, "rate", comment="没修好")
    assert missing.status_code == 422 and 'id="grade-error"' in missing.text and "没修好" in missing.text
    act(here, "rate", grade="dissatisfied", comment="没修好")
    page = here.client.get(NEXT).text
    assert "您的评价：不满意。这件诉求会退回" in page and "/progress/rate" not in page
    assert json.loads(here.events()[-1]["body"])["grade"] == "dissatisfied"


def test_a_double_tap_is_one_supplement(street: Make) -> None:
    here = street()
    sent(here)
    page = here.client.get(NEXT)
    typed = {name: field(page, name) for name in ("csrf", "idempotency_key")} | {"text": "灯杆也歪了"}
    assert [here.client.post("/progress/supplement", data=typed).status_code for _ in range(2)] == [303, 303]
    assert told(here) == ["case.submitted", "case.supplemented"]


@pytest.mark.parametrize("what", ["supplement", "withdraw", "rate"])
def test_who_holds_no_case_does_nothing(street: Make, what: str) -> None:
    here = street()
    sent(here)
    token = {"csrf": field(here.client.get("/"), "csrf")}
    here.client.delete_cookie("lianxin_case")
    typed = token | {"text": "灯杆也歪了", "grade": "satisfied"}
    assert here.client.post(f"/progress/{what}", data=typed).status_code == 404
    here.client.set_cookie("lianxin_case", "made.up.value")
    assert here.client.post(f"/progress/{what}", data=typed).status_code == 404
    assert told(here) == ["case.submitted"]


@pytest.mark.parametrize("what", ["supplement", "withdraw", "rate"])
def test_a_form_from_elsewhere_is_refused(street: Make, what: str) -> None:
    here = street()
    sent(here)
    typed = {"csrf": "made.up", "text": "灯杆也歪了", "grade": "satisfied"}
    assert here.client.post(f"/progress/{what}", data=typed).status_code == 403
    assert told(here) == ["case.submitted"]
