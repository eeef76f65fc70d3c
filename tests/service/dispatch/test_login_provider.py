"""An OpenID provider vouches for officers instead of our own accounts."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from services.dispatch import api
from services.dispatch.settings import Settings
from tests.service.dispatch.fake_provider import CLIENT, SECRET, Provider
from tests.service.dispatch.gate import GOOD, Gate


@pytest.fixture
def provider():
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def settings(gate_settings, provider):
    return replace(
        gate_settings,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret=SECRET,
        oidc_redirect="http://localhost/login/provider",
        oidc_roles=(("street-centre", "centre"), ("street-unit", "unit")),
    )


@pytest.fixture
def door(gate, settings):
    return Gate(gate.database, api.create_app(settings, gate.database))


def come(browser, provider):
    """From the login to the provider and back."""
    asked = browser.get(browser.get("/login?next=/account").location)
    return browser.get(f"/login/provider?{urlencode(provider.agree(asked.location))}")


def test_who_the_provider_vouches_for_is_in(door, provider):
    browser = door.browser()
    answer = come(browser, provider)
    assert (answer.status_code, answer.location) == (303, "/account")
    assert browser.client.get("/api/dispatch/v1/units").status_code == 200
    assert browser.get("/login/renew?next=/desk").status_code == 307


def test_the_providers_words_become_our_roles(door, provider):
    provider.claims |= {"roles": ["street-unit", "something-else"], "unit": "C07"}
    browser = door.browser()
    come(browser, provider)
    page = browser.get("/account").text
    assert "承办单位" in page
    assert "C07" in page


@pytest.mark.parametrize(
    "claims", [{"roles": ["something-else"]}, {"roles": ["street-unit"], "unit": None}, {"roles": []}]
)
def test_who_has_no_role_here_is_told_so(door, provider, claims):
    provider.claims |= claims
    answer = come(door.browser(), provider)
    assert answer.status_code == 403
    assert "没有岗位" in answer.text


@pytest.mark.parametrize(
    "lie", [{"nonce": "another"}, {"aud": "another"}, {"iss": "http://another.example"}, {"exp": 1_000_000_000}]
)
def test_an_id_token_for_somebody_else_is_not_believed(door, provider, lie):
    provider.lies = lie
    browser = door.browser()
    assert come(browser, provider).status_code == 503
    assert browser.cookie("lianxin_token") is None


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(door, provider):
    mine, other = door.browser(), door.browser()
    asked = mine.get("/login/ask")
    other.get("/login/ask")
    answer = provider.agree(asked.location)
    assert other.get(f"/login/provider?{urlencode(answer)}").location == "/login?why=late"
    assert door.browser().get(f"/login/provider?{urlencode(answer)}").location == "/login?why=late"


def test_a_code_taken_from_another_login_does_not_fit_the_verifier(door, provider):
    mine, other = door.browser(), door.browser()
    stolen = provider.agree(mine.get("/login/ask").location)["code"]
    state = provider.agree(other.get("/login/ask").location)["state"]
    assert other.get(f"/login/provider?{urlencode({'code': stolen, 'state': state})}").status_code == 503


def test_a_provider_that_is_away_is_a_page_that_says_so(door, provider):
    provider.document = lambda: {"issuer": "http://another.example"}
    answer = door.browser().get("/login/ask")
    assert answer.status_code == 503
    assert "统一身份认证" in answer.text


def test_our_own_accounts_are_not_asked(door):
    door.officer()
    browser = door.browser()
    page = browser.get("/login?why=idle").text
    assert 'name="password"' not in page
    assert browser.give_password("zhang", GOOD).status_code in (403, 404)
    assert browser.cookie("lianxin_token") is None


def test_a_provider_needs_a_client_and_an_address_to_come_back_to():
    said = Settings(profile="dev", database_url="postgresql://", oidc_issuer="https://id.example").problems()
    assert [sentence.split()[0] for sentence in said] == ["OIDC_CLIENT_ID", "OIDC_REDIRECT"]
