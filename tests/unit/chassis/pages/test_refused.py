"""Refusals are pages for people and problem documents for programs."""

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/nowhere", 404, "检查地址"),
        ("/busy", 429, "稍等几分钟"),
        ("/bug", 500, "稍后再试"),
        ("/store", 503, "不会丢失"),
    ],
)
def test_a_refusal_is_a_page_that_says_what_to_do_next(browser, address, status, words):
    answer = browser.get(address)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert words in answer.text
    assert "13800000012" not in answer.text


def test_a_known_refusal_is_said_in_its_own_words(officer):
    assert "没有这件诉求。" in officer.get("/notes/7").text


def test_waiting_times_are_kept(browser):
    assert browser.get("/busy").headers["Retry-After"] == "60"


def test_a_program_hears_a_problem_document(browser):
    answer = browser.get("/api/post/v1/nowhere")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_text_that_cannot_be_stored_is_refused_by_a_page(browser):
    token = browser.get("/notes").text.split('name="csrf" value="')[1].split('"')[0]
    answer = browser.post("/notes", data={"csrf": token, "words": "a\0b"})
    assert (answer.status_code, answer.mimetype) == (400, "text/html")


def test_when_the_issuer_of_tokens_cannot_be_asked_the_page_still_stands(app, issuer, settings):
    Path(settings.jwks).write_text("{}")
    browser = app.test_client()
    browser.set_cookie("lianxin_token", issuer.token("chen", "centre"))
    assert browser.get("/notes/7").status_code == 503
