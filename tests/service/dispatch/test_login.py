"""Logging in with an account: password, lock-out, one session, time-outs, the token that follows."""

import time

import pytest
from joserfc import jwt

from services.dispatch import api
from tests.service.dispatch.gate import GOOD, OTHER

UNITS = "/api/dispatch/v1/units"


@pytest.fixture
def zhang(gate):
    return gate.officer()


@pytest.fixture
def browser(gate, zhang):
    return gate.browser()


def enter(browser, name="zhang", password=GOOD):
    answer = browser.give_password(name, password, next="/account")
    while answer.status_code == 303 and answer.location.startswith("/login/"):
        answer = browser.get(answer.location)
    return answer


def test_an_officer_logs_in_and_comes_to_the_page_that_was_asked_for(browser):
    answer = enter(browser)
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "张干事" in browser.get("/account").text


def test_the_token_says_who_what_and_where_and_lasts_five_minutes(browser, gate_settings):
    enter(browser)
    claims = jwt.decode(browser.cookie("lianxin_token"), gate_settings.token_key, algorithms=["ES256"]).claims
    assert (claims["sub"], claims["roles"], claims["unit"]) == ("zhang", ["unit"], "C07")
    assert claims["exp"] - claims["iat"] == 300


def test_resources_take_the_same_cookie(browser):
    enter(browser)
    assert browser.client.get(UNITS).status_code == 200


def test_the_names_of_cookies_are_out_of_reach_of_scripts(gate, browser):
    browser.give_password("zhang", GOOD)
    answer = browser.get("/login/done")
    cookies = answer.headers.getlist("Set-Cookie")
    assert all("HttpOnly" in each and "SameSite=Lax" in each for each in cookies)
    assert any(each.startswith("lianxin_session=") and "Path=/login" in each for each in cookies)


def test_the_database_does_not_know_what_the_browser_holds(gate, browser):
    enter(browser)
    key = browser.cookie("lianxin_session", "/login")
    with gate.database.transaction() as tx:
        rows = tx.exec_driver_sql("select sessions::text from sessions").scalars().all()
    assert rows
    assert key not in "".join(rows)


def test_wrong_passwords_and_unknown_names_look_alike(gate, browser):
    wrong = browser.give_password("zhang", OTHER)
    unknown = browser.give_password("nobody", OTHER)
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert "用户名或密码不正确" in wrong.text
    assert wrong.text.count("用户名或密码不正确") == unknown.text.count("用户名或密码不正确")


def test_a_refusal_takes_as_long_for_an_unknown_name(gate, browser):
    def seconds(name):
        began = time.perf_counter()
        browser.give_password(name, OTHER)
        return time.perf_counter() - began

    known, unknown = (min(seconds(name) for _ in range(5)) for name in ("zhang", "nobody"))
    assert 0.3 < known / unknown < 3


def test_the_fifth_wrong_password_locks_for_a_quarter_of_an_hour(gate, browser):
    for _ in range(5):
        browser.give_password("zhang", OTHER)
    assert browser.give_password("zhang", GOOD).status_code == 422
    gate.later(minutes=14)
    assert browser.give_password("zhang", GOOD).status_code == 422
    gate.later(minutes=2)
    assert enter(browser).location == "/account"
    assert gate.log().count("locked") == 1


def test_four_wrong_passwords_are_forgiven_after_a_right_one(gate, browser):
    for _ in range(2):
        for _ in range(4):
            browser.give_password("zhang", OTHER)
        assert enter(browser).location == "/account"


def test_a_disabled_account_looks_like_a_wrong_password(gate, browser):
    from dataclasses import replace

    from services.dispatch.login import store

    with gate.database.transaction() as tx:
        store.save(tx, replace(gate.account(), disabled=True))
    assert browser.give_password("zhang", GOOD).status_code == 422


def test_a_token_is_renewed_against_the_live_session_and_the_method_is_kept(browser):
    enter(browser)
    before = browser.cookie("lianxin_token")
    answer = browser.client.post("/login/renew?next=/desk/cases/7")
    assert (answer.status_code, answer.location) == (307, "/desk/cases/7")
    assert browser.cookie("lianxin_token") != before


def test_a_script_that_renews_hears_a_number_only(gate, browser):
    assert browser.client.post("/login/renew").status_code == 401
    enter(browser)
    assert browser.client.post("/login/renew").status_code == 204


def test_a_quarter_of_an_hour_without_work_ends_the_session(gate, browser):
    enter(browser)
    gate.later(minutes=14)
    assert browser.get("/login/renew?next=/desk").status_code == 307
    gate.later(minutes=16)
    answer = browser.get("/login/renew?next=/desk")
    assert (answer.status_code, answer.location) == (303, "/login?next=%2Fdesk&why=idle")
    assert "15 分钟没有操作" in browser.get(answer.location).text


def test_a_page_that_refreshes_itself_is_not_somebody_working(gate, browser):
    enter(browser)
    background = {"X-Background": "1"}
    gate.later(minutes=10)
    assert browser.client.get("/login/renew?next=/desk", headers=background).status_code == 307
    gate.later(minutes=6)
    assert "why=idle" in browser.client.get("/login/renew?next=/desk", headers=background).location


def test_eight_hours_end_the_session_however_busy_it_is(gate, browser):
    enter(browser)
    for _ in range(47):
        gate.later(minutes=10)
        assert browser.get("/login/renew?next=/desk").status_code == 307
    gate.later(minutes=10)
    assert "why=longest" in browser.get("/login/renew?next=/desk").location


def test_a_new_login_ends_the_old_one_which_is_told_so(gate, browser):
    enter(browser)
    other = gate.browser()
    enter(other)
    assert "why=replaced" in browser.get("/login/renew?next=/desk").location
    assert "已在别处登录" in browser.get("/login?why=replaced").text
    assert other.get("/login/renew?next=/desk").status_code == 307


def test_leaving_ends_the_session_and_takes_the_token_away(gate, browser):
    enter(browser)
    browser.get("/account")
    assert browser.post("/logout").location == "/login/out"
    assert browser.post("/login/out").location == "/login?why=left"
    assert browser.cookie("lianxin_token") is None
    assert browser.get("/account").status_code == 307
    assert gate.log()[-1] == "out"


def test_leaving_everywhere_ends_the_session(gate, browser):
    enter(browser)
    browser.get("/account")
    key = browser.cookie("lianxin_session", "/login")
    browser.post("/account/out")
    browser.client.set_cookie("lianxin_session", key, path="/login")
    assert "why=everywhere" in browser.get("/login/renew?next=/desk").location


def test_nobody_is_sent_to_another_site(browser):
    answer = browser.give_password("zhang", GOOD, next="https://evil.example/")
    assert browser.get(answer.location).location == "/desk"
    assert browser.client.get("/login/renew?next=//evil.example").status_code == 204


def test_a_step_cannot_be_skipped(gate):
    gate.officer("chen", "centre", unit="CENTRE")
    browser = gate.browser()
    assert browser.get("/login/done").location == "/login?why=late"
    browser.give_password("chen", GOOD)
    for address in ("/login/done", "/login/onwards", "/login/password"):
        assert browser.get(address).location == "/login?why=late"
    assert browser.cookie("lianxin_token") is None


def test_a_password_of_the_operators_must_be_changed_first(gate):
    gate.officer("li", must_change=True)
    browser = gate.browser()
    assert browser.give_password("li", GOOD).location == "/login/password"
    assert browser.get("/login/done").location == "/login/password"
    browser.get("/login/password")
    assert browser.post("/login/password", password=OTHER, again=OTHER).location == "/login/done"
    assert browser.get("/login/done").location == "/desk"
    assert gate.browser().give_password("li", GOOD).status_code == 422


@pytest.mark.parametrize(
    ("new", "again", "sentence"),
    [
        ("Short-1", "Short-1", "至少 10 位"),
        ("onlylowercase", "onlylowercase", "至少 10 位"),
        ("Zhang-2026-abc", "Zhang-2026-abc", "不得包含用户名"),
        (GOOD, GOOD, "最近五次"),
        (OTHER, OTHER + "x", "两次输入的密码不一致"),
    ],
)
def test_a_weak_or_former_password_is_refused_with_its_rule(browser, new, again, sentence):
    enter(browser)
    browser.get("/account")
    answer = browser.post("/account/password", old=GOOD, password=new, again=again)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_the_last_five_passwords_are_barred_and_the_sixth_is_not(gate, browser):
    enter(browser)
    browser.get("/account")
    old = GOOD
    for number in range(5):
        new = f"Quite-different-{number}"
        assert browser.post("/account/password", old=old, password=new, again=new).status_code == 303
        browser.get("/account")
        old = new
        barred = browser.post("/account/password", old=old, password=GOOD, again=GOOD)
        assert barred.status_code == (422 if number < 4 else 303)


def test_changing_a_password_needs_the_old_one_and_guessing_it_counts(gate, browser):
    enter(browser)
    browser.get("/account")
    assert browser.post("/account/password", old=OTHER, password=OTHER, again=OTHER).status_code == 422
    assert gate.account().failures == 1


def test_an_officer_sees_the_last_logins(browser):
    browser.give_password("zhang", OTHER)
    enter(browser)
    page = browser.get("/account").text
    assert "密码错误" in page
    assert "登录" in page


def test_the_log_of_logins_never_holds_what_was_typed_as_a_name(gate, browser):
    browser.give_password("my-secret-password", "x")
    with gate.database.transaction() as tx:
        lines = tx.exec_driver_sql("select login_log::text from login_log").scalars().all()
    assert len(lines) == 1
    assert "secret" not in lines[0]


def test_the_public_keys_are_told_and_nothing_private(gate):
    keys = gate.app.test_client().get("/.well-known/jwks.json").json["keys"]
    assert [("d" in key, key["kty"]) for key in keys] == [(False, "EC")]


def test_without_accounts_a_role_is_chosen(gate):
    browser = gate.browser()
    assert "选择一个身份" in browser.get("/login").text
    assert browser.post("/login/role", role="unit", unit="C07", next="/account").location == "/account"
    assert browser.client.get(UNITS).status_code == 200
    browser.get("/login")
    assert browser.post("/login/role", role="unit").status_code == 422


def test_with_an_account_nobody_chooses_a_role(browser):
    assert "选择一个身份" not in browser.get("/login").text
    assert browser.post("/login/role", role="centre").location == "/login?why=late"


def test_production_never_lets_anybody_choose_a_role(gate, gate_settings):
    from dataclasses import replace

    settings = replace(gate_settings, profile="production", clock_offset=False, token_issuer="x", page_key="k" * 32)
    client = api.create_app(settings, gate.database).test_client()
    page = client.get("/login", base_url="https://localhost").text
    assert "选择一个身份" not in page
    proof = page.split('name="csrf" value="')[1].split('"')[0]
    answer = client.post("/login/role", data={"role": "centre", "csrf": proof}, base_url="https://localhost")
    assert answer.location == "/login?why=late"
    assert client.get_cookie("lianxin_token") is None
