"""A printed code leads to the form at its place; the centre makes, counts, revokes and prints them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.service.intake.conftest import LETTER, Street
from tests.service.intake.test_letter_pages import field
from tests.service.intake.test_reception_pages import officer, resident

Make = Callable[..., Street]
PLACE = {"label": "A口立柱", "community": "C07", "place": "灵芝地铁站A出口"}


def post(here: Street, path: str = "", **typed: Any) -> TestResponse:
    page = here.client.get("/reception/codes")
    hidden = {name: field(page, name) for name in ("csrf", "idempotency_key")}
    return here.client.post(f"/reception/codes{path}", data=hidden | typed)


def made(here: Street, **changed: Any) -> str:
    answer = post(here, **{**PLACE, **changed})
    assert answer.status_code == 303, answer.text
    return re.findall(r'name="code" value="([^"]+)"', here.client.get("/reception/codes").text)[0]


def counts(here: Street) -> list[int]:
    page = here.client.get("/reception/codes").text
    return [int(each) for each in re.findall(r'data-label="(?:扫码|动笔|来信)">(\d+)<', page)]


def letter_from(here: Street, token: str, **typed: Any) -> TestResponse:
    page = here.client.get(f"/q/{token}")
    hidden = {name: field(page, name) for name in ("csrf", "idempotency_key", "qr_code")}
    return here.client.post("/", data={**LETTER, **hidden, **typed})


def test_a_scanned_code_opens_the_form_at_its_place(street: Make) -> None:
    here = officer(street())
    token = made(here)
    page = resident(here).client.get(f"/q/{token}").text
    assert '<option value="C07" selected>' in page and 'value="灵芝地铁站A出口"' in page


def test_scans_starts_and_letters_are_counted(street: Make) -> None:
    here = officer(street())
    token = made(here)
    first, second = resident(here), resident(here)
    assert letter_from(first, token).status_code == 303
    assert counts(here) == [1, 1, 1]
    second.client.get(f"/q/{token}")
    assert second.client.post(f"/q/{token}/start").status_code == 204
    assert counts(here) == [2, 2, 1]
    assert letter_from(second, token, started="1").status_code == 303
    assert counts(here) == [3, 2, 2]


def test_a_double_tap_counts_one_letter(street: Make) -> None:
    here = officer(street())
    token = made(here)
    phone = resident(here)
    page = phone.client.get(f"/q/{token}")
    typed = {**LETTER} | {name: field(page, name) for name in ("csrf", "idempotency_key", "qr_code")}
    for _ in range(2):
        phone.client.post("/", data=typed)
    assert counts(here) == [1, 1, 1]


def test_the_resident_may_change_the_place_and_errors_keep_the_code(street: Make) -> None:
    here = officer(street())
    phone, token = resident(here), made(here)
    wrong = letter_from(phone, token, mobile="123", place="B出口")
    assert wrong.status_code == 422 and 'value="B出口"' in wrong.text and field(wrong, "qr_code") == token


def test_a_revoked_code_and_an_unknown_one_show_where_to_go(street: Make) -> None:
    here = officer(street())
    token = made(here)
    assert post(here, f"/{token}/revoke").status_code == 303
    phone = resident(here)
    revoked, unknown = phone.client.get(f"/q/{token}"), phone.client.get("/q/AAAAAAAAAAAAAAAA")
    assert revoked.status_code == unknown.status_code == 410
    assert 'href="/"' in revoked.text and "12345" in revoked.text
    assert phone.client.post(f"/q/{token}/start").status_code == 204
    assert counts(here) == [0, 0, 0]
    assert "已停用" in here.client.get("/reception/codes").text


def test_a_letter_whose_code_was_revoked_meanwhile_still_comes_in(street: Make) -> None:
    here = officer(street())
    phone, token = resident(here), made(here)
    page = phone.client.get(f"/q/{token}")
    post(here, f"/{token}/revoke")
    typed = {**LETTER} | {name: field(page, name) for name in ("csrf", "idempotency_key", "qr_code")}
    assert phone.client.post("/", data=typed).status_code == 303


def test_a_sheet_has_each_code_in_use_as_a_drawing(street: Make) -> None:
    here = officer(street(public_address="https://letters.example/"))
    gone, kept = made(here), made(here, label="B口", place="<b>B口</b>")
    post(here, f"/{gone}/revoke")
    kept = re.findall(r'name="code" value="([^"]+)"', here.client.get("/reception/codes").text)[0]
    page = here.client.get("/reception/codes/sheet").text
    assert page.count('class="qr"') == 1 and f"https://letters.example/q/{kept}" in page
    assert "&lt;b&gt;B口&lt;/b&gt;" in page and " style=" not in page


@pytest.mark.parametrize(("changed", "name"), [({"label": ""}, "label"), ({"community": "C99"}, "community")])
def test_what_is_wrong_is_said_beside_its_field(street: Make, changed: dict[str, str], name: str) -> None:
    here = officer(street())
    answer = post(here, **{**PLACE, **changed})
    assert answer.status_code == 422 and f'id="{name}-error"' in answer.text
    assert "灵芝地铁站A出口" in answer.text


def test_codes_are_the_centres(street: Make) -> None:
    here = street()
    assert here.client.get("/reception/codes").status_code == 307
    officer(here, "unit")
    assert here.client.get("/reception/codes").status_code == 403
    assert here.client.get("/reception/codes/sheet").status_code == 403


def test_revoking_an_unknown_code_is_not_found(street: Make) -> None:
    assert post(officer(street()), "/AAAAAAAAAAAAAAAA/revoke").status_code == 404
