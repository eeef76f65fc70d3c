"""The second factor: asked of those who can do most, set up at the first login, good once, replaceable."""

import pytest

from tests.service.dispatch.gate import GOOD, codes_in, secret_in


@pytest.fixture
def chen(gate):
    return gate.officer("chen", "centre", unit="CENTRE")


def set_up(gate):
    """A telephone for chen; the secret, the recovery codes, and the browser that is logged in."""
    browser = gate.browser()
    assert browser.give_password("chen", GOOD).location == "/login/telephone"
    secret = secret_in(browser.get("/login/telephone").text)
    page = browser.post("/login/telephone", code=gate.code(secret)).text
    assert browser.get("/login/onwards").location == "/login/done"
    assert browser.get("/login/done").location == "/desk"
    return secret, codes_in(page), browser


@pytest.mark.parametrize("role", ["centre", "leader", "supervisor", "administrator"])
def test_those_who_can_do_most_need_it(gate, role):
    gate.officer("chen", role, unit="CENTRE")
    assert gate.browser().give_password("chen", GOOD).location == "/login/telephone"


def test_it_is_set_up_at_the_first_login_with_a_picture_and_recovery_codes(gate, chen):
    secret, codes, browser = set_up(gate)
    assert len(codes) == 8
    assert browser.cookie("lianxin_token")
    assert gate.account("chen").second != secret.encode()


def test_the_next_login_asks_for_the_code(gate, chen):
    secret, _, _ = set_up(gate)
    gate.later(seconds=30)
    browser = gate.browser()
    assert browser.give_password("chen", GOOD).location == "/login/code"
    browser.get("/login/code")
    assert browser.post("/login/code", code=gate.code(secret)).location == "/login/done"
    assert browser.get("/login/done").location == "/desk"


def test_the_telephone_is_not_set_up_a_second_time(gate, chen):
    set_up(gate)
    browser = gate.browser()
    browser.give_password("chen", GOOD)
    assert browser.get("/login/telephone").location == "/login?why=late"


def test_a_code_is_good_once(gate, chen):
    secret, _, _ = set_up(gate)
    gate.later(seconds=30)
    first, second = gate.browser(), gate.browser()
    for browser in (first, second):
        browser.give_password("chen", GOOD)
        browser.get("/login/code")
    assert first.post("/login/code", code=gate.code(secret)).status_code == 303
    assert second.post("/login/code", code=gate.code(secret)).status_code == 422


def test_wrong_codes_lock_as_wrong_passwords_do(gate, chen):
    secret, _, _ = set_up(gate)
    gate.later(seconds=30)
    browser = gate.browser()
    browser.give_password("chen", GOOD)
    browser.get("/login/code")
    for _ in range(5):
        assert browser.post("/login/code", code="000000").status_code == 422
    assert browser.post("/login/code", code=gate.code(secret)).status_code == 422
    assert gate.log("chen").count("locked") == 1


def test_a_recovery_code_replaces_the_telephone_once(gate, chen):
    _, codes, _ = set_up(gate)
    for expected in (303, 422):
        browser = gate.browser()
        browser.give_password("chen", GOOD)
        browser.get("/login/code")
        assert browser.post("/login/code", code=f" {codes[0].upper()} ").status_code == expected
    assert len(gate.account("chen").recovery) == 7
