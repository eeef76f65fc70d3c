"""The token in a cookie: good on pages and resources alike, and only for what our own pages send."""

import time
from urllib.parse import parse_qs, urlsplit

LETTERS, OPEN = "/api/post/v1/letters", "/api/post/v1/open"


def csrf_of(browser):
    return browser.get("/notes").text.split('name="csrf" value="')[1].split('"')[0]


def test_an_officer_is_let_in_by_cookie(officer):
    assert officer.get("/notes/7").status_code == 404


def test_the_anonymous_is_sent_to_renew_and_would_come_back(browser):
    answer = browser.get("/notes/7?tab=log")
    where = urlsplit(answer.location)
    assert (answer.status_code, where.path) == (307, "/login/renew")
    assert parse_qs(where.query) == {"next": ["/notes/7?tab=log"]}


def test_a_form_whose_token_has_ended_is_sent_to_renew_with_its_method(browser, issuer):
    token = csrf_of(browser)
    browser.set_cookie("lianxin_token", issuer.token("chen", "centre", seconds=-600, iat=int(time.time()) - 1200))
    answer = browser.post("/notes/7", data={"csrf": token})
    assert (answer.status_code, answer.location) == (307, "/login/renew?next=%2Fnotes%2F7")


def test_a_token_refused_the_moment_it_was_made_does_not_send_anybody_round_in_circles(browser, issuer):
    browser.set_cookie("lianxin_token", issuer.token("chen", "centre", iss="somebody else"))
    assert browser.get("/notes/7").status_code == 503


def test_the_wrong_role_gets_a_page_that_says_so(browser, issuer):
    browser.set_cookie("lianxin_token", issuer.token("li", "unit", unit="C07"))
    answer = browser.get("/notes/7")
    assert answer.status_code == 403
    assert "没有权限" in answer.text


def test_a_change_by_cookie_needs_the_proof_on_resources_too(officer):
    assert officer.post(LETTERS, json={}).json["code"] == "bad_csrf_token"
    answer = officer.post(LETTERS, json={}, headers={"X-CSRF-Token": csrf_of(officer)})
    assert answer.json == {"who": "chen"}


def test_a_resource_open_to_all_does_nothing_in_an_officers_name_without_the_proof(officer):
    assert officer.post(OPEN, json={}).status_code == 403


def test_a_bearer_token_needs_no_proof(browser, issuer):
    headers = {"Authorization": f"Bearer {issuer.token('chen', 'centre')}"}
    assert browser.post(LETTERS, json={}, headers=headers).json == {"who": "chen"}


def test_a_cookie_whose_token_has_ended_counts_as_none(browser, issuer):
    browser.set_cookie("lianxin_token", issuer.token("chen", "centre", seconds=-600))
    assert browser.post(OPEN, json={}).json == {"who": ""}
    assert browser.post(LETTERS, json={}).status_code == 401
    assert browser.get("/notes").status_code == 200


def test_a_page_says_who_sees_it_and_what_they_may_open(officer):
    page = officer.get("/notes").text
    assert "data-officer" in page
    assert 'href="/desk"' in page
    assert 'href="/account"' in page


def test_a_resident_sees_emergency_numbers_and_no_menu(browser):
    page = browser.get("/notes").text
    assert 'href="tel:120"' in page
    assert "主菜单" not in page
