"""The resident's pages, as a browser without a script meets them."""

import html
import re
from collections.abc import Callable
from typing import Any

from werkzeug.test import TestResponse

from tests.service.intake.conftest import LETTER, Street


def field(page: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, name
    return html.unescape(found.group(1))


def form(street: Street, **changed: Any) -> dict[str, Any]:
    page = street.client.get("/")
    hidden = {name: field(page, name) for name in ("csrf", "idempotency_key")}
    return {**LETTER, **hidden, **changed}


def shown(page: TestResponse, label: str) -> str:
    found = re.search(rf"<dt>{label}</dt><dd><strong>([^<]+)</strong>", page.text)
    assert found, page.text
    return found.group(1)


def sent(street: Street, **changed: Any) -> TestResponse:
    answer = street.client.post("/", data=form(street, **changed))
    assert (answer.status_code, answer.location) == (303, "/sent"), answer.text
    return street.client.get("/sent")


def test_a_letter_is_written_and_its_progress_shown_without_typing_the_code_again(
    street: Callable[..., Street],
) -> None:
    here = street()
    receipt = sent(here)
    number = shown(receipt, "编号")
    progress = here.client.get("/progress")
    assert f"{number}：" in progress.text
    assert shown(receipt, "查询码") not in progress.text


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays(street: Callable[..., Street]) -> None:
    here = street()
    answer = here.client.post("/", data=form(here, mobile="123", place="<b>A口</b>"))
    assert answer.status_code == 422
    assert '<span class="error" id="mobile-error">请填写11位手机号码</span>' in answer.text
    assert 'value="&lt;b&gt;A口&lt;/b&gt;"' in answer.text
    assert LETTER["description"] in answer.text


def test_a_community_the_street_does_not_have_is_said_beside_its_field(street: Callable[..., Street]) -> None:
    here = street()
    answer = here.client.post("/", data=form(here, community="C99"))
    assert answer.status_code == 422
    assert 'id="community-error"' in answer.text


def test_a_double_tap_makes_one_case(street: Callable[..., Street]) -> None:
    here = street()
    data = form(here)
    numbers = set()
    for _ in range(2):
        here.client.post("/", data=data)
        numbers.add(shown(here.client.get("/sent"), "编号"))
    assert len(numbers) == 1


def test_a_form_from_elsewhere_is_refused(street: Callable[..., Street]) -> None:
    here = street()
    data = form(here)
    assert here.client.post("/", data=data | {"csrf": "made.up"}).status_code == 403
    assert here.client.post("/", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_number_and_code_open_the_progress_and_are_never_in_an_address(street: Callable[..., Street]) -> None:
    here = street()
    receipt = sent(here)
    number, code = shown(receipt, "编号"), shown(receipt, "查询码")
    token = {"csrf": field(here.client.get("/"), "csrf")}
    here.client.post("/progress/leave", data=token)
    question = here.client.get("/progress")
    assert "查询码" in question.text
    assert number not in question.text
    answer = here.client.post(
        "/progress", data={"number": number, "code": code.lower(), "csrf": field(question, "csrf")}
    )
    assert (answer.status_code, answer.location) == (303, "/progress")
    assert number in here.client.get("/progress").text


def test_a_wrong_code_and_an_unknown_number_look_the_same(street: Callable[..., Street]) -> None:
    here = street()
    known = shown(sent(here), "编号")
    unknown = known[:-1] + ("1" if known[-1] != "1" else "2")
    token = {"csrf": field(here.client.get("/"), "csrf")}
    pages = []
    for number in (known, unknown):
        answer = here.client.post("/progress", data=token | {"number": number, "code": "AAAA2222"})
        assert answer.status_code == 422
        pages.append(re.sub(rf'{number}|name="csrf" value="[^"]*"', "", answer.text))
    assert pages[0] == pages[1]


def test_a_telephone_that_holds_no_case_finds_no_receipt(street: Callable[..., Street]) -> None:
    here = street()
    assert here.client.get("/sent").status_code == 404
    here.client.set_cookie("lianxin_case", "made.up.value")
    assert here.client.get("/sent").status_code == 404


def test_ten_thousand_fields_are_refused(street: Callable[..., Street]) -> None:
    here = street()
    data = form(here) | {f"field{n}": "x" for n in range(10_000)}
    answer = here.client.post("/", data=data)
    assert answer.status_code == 413
    assert here.events() == []


def test_the_first_load_of_the_form_is_at_most_100_kb(street: Callable[..., Street]) -> None:
    here = street()
    page = here.client.get("/")
    size = len(page.data)
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        loaded = here.client.get(address)
        assert loaded.status_code == 200
        size += len(loaded.data)
    assert size <= 100 * 1024
