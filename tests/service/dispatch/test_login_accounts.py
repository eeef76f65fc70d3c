"""What an operator does with accounts."""

import re

import pytest

from tests.service.dispatch.gate import GOOD, OTHER, codes_in, operate, secret_in


@pytest.fixture
def accounts(gate, gate_settings, monkeypatch, capsys):
    def run(*arguments, stdin=""):
        return operate(monkeypatch, capsys, gate_settings, "accounts", *arguments, stdin=stdin)

    return run


def test_a_made_password_is_shown_once_and_must_be_changed(gate, accounts):
    code, said = accounts("add", "Li", "--role", "unit", "--unit", "C07")
    password = re.search(r"the password is (\S+);", said)[1]
    assert code == 0
    assert gate.browser().give_password("li", password).location == "/login/password"


def test_a_password_may_be_given_instead(gate, accounts):
    assert accounts("add", "li", "--role", "unit", "--unit", "C07", "--password-stdin", stdin=f"{GOOD}\n")[0] == 0
    assert gate.browser().give_password("LI", GOOD).status_code == 303


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["add", "li"], "the roles are"),
        (["add", "li", "--role", "unit"], "needs a unit"),
        (["add", "li", "--role", "administrator", "--role", "centre"], "must not handle cases"),
        (["add", "li", "--role", "leader", "--password-stdin"], "at least 10 characters"),
        (["disable", "li"], "no account of that name"),
    ],
)
def test_a_refusal_is_one_sentence(accounts, arguments, reason):
    code, said = accounts(*arguments, stdin="short\n")
    assert (code, said.count("\n")) == (1, 1)
    assert reason in said


def test_a_name_is_given_once(gate, accounts):
    gate.officer("li")
    assert "already" in accounts("add", "li", "--role", "leader")[1]


def test_the_list_shows_everybody_and_no_secret(gate, accounts):
    gate.officer("li")
    gate.officer("chen", "centre", unit="CENTRE")
    _, said = accounts("list")
    assert "chen" in said
    assert "at next login" in said
    assert "argon2" not in said


def test_a_disabled_account_is_out_at_once(gate, accounts):
    gate.officer("li")
    browser = gate.browser()
    browser.give_password("li", GOOD)
    browser.get("/login/done")
    assert accounts("disable", "li")[0] == 0
    assert "why=disabled" in browser.get("/login/renew?next=/desk").location
    assert browser.give_password("li", GOOD).status_code == 422


def test_a_locked_officer_is_let_in_again(gate, accounts):
    gate.officer("li")
    browser = gate.browser()
    for _ in range(5):
        browser.give_password("li", OTHER)
    assert "locked" in accounts("list")[1]
    assert accounts("enable", "li")[0] == 0
    assert browser.give_password("li", GOOD).status_code == 303


def test_a_reset_password_ends_the_session_and_must_be_changed(gate, accounts):
    gate.officer("li")
    browser = gate.browser()
    browser.give_password("li", GOOD)
    browser.get("/login/done")
    assert accounts("reset-password", "li", "--password-stdin", stdin=f"{OTHER}\n")[0] == 0
    assert "why=everywhere" in browser.get("/login/renew?next=/desk").location
    assert browser.give_password("li", OTHER).location == "/login/password"


def test_a_lost_telephone_is_replaced(gate, accounts):
    gate.officer("chen", "centre", unit="CENTRE")
    browser = gate.browser()
    browser.give_password("chen", GOOD)
    secret = secret_in(browser.get("/login/telephone").text)
    assert codes_in(browser.post("/login/telephone", code=gate.code(secret)).text)
    assert accounts("reset-totp", "chen")[0] == 0
    again = gate.browser()
    assert again.give_password("chen", GOOD).location == "/login/telephone"
    assert secret_in(again.get("/login/telephone").text) != secret


def test_an_operator_is_given_a_key_for_tokens(gate_settings, monkeypatch, capsys):
    code, said = operate(monkeypatch, capsys, gate_settings, "token-key")
    assert code == 0
    assert '"d":' in said
