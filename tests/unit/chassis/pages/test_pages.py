"""What every page has: headers, static files by content, the two type sizes, moments and marks in words."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from chassis import pages, web
from chassis.database import Database
from chassis.pages import filters
from chassis.settings import Settings, SettingsError
from tests.unit.chassis.pages.conftest import blueprint

NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)


def test_a_page_runs_nothing_from_elsewhere_and_stands_in_no_frame(browser):
    headers = browser.get("/notes").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_a_page_holds_no_script_and_no_style_of_its_own(browser):
    page = browser.get("/notes").text
    assert not re.search(r"<style|style=|<script(?! src)|\son\w+=", page)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser):
    cookie = browser.get("/notes").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_static_files_are_kept_for_a_year_under_the_name_of_their_content(browser):
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', browser.get("/notes").text):
        answer = browser.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


def test_a_page_of_a_moment_ago_still_finds_its_style(browser):
    answer = browser.get("/static/lianxin.000000000000.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("address", ["/static/secret.css", "/static/../pages.py", "/static/", "/static/%2e%2e/x.css"])
def test_nothing_else_is_on_the_shelf(browser, address):
    assert browser.get(address).status_code == 404


def test_all_static_files_of_the_first_page_are_small(app):
    shelf = app.extensions["lianxin.static"]
    assert sum(len(shelf.find(f"lianxin.{ending}").content) for ending in ("css", "js", "svg")) < 25_000


def test_the_larger_type_is_remembered(browser):
    answer = browser.get("/notes?elder=1&tab=2")
    assert (answer.status_code, answer.location) == (303, "/notes?tab=2")
    assert '<html lang="zh-CN" class="elder">' in browser.get("/notes").text
    browser.get("/notes?elder=0")
    assert '<html lang="zh-CN">' in browser.get("/notes").text


def test_a_moment_is_written_by_beijing_time():
    assert filters.when(NOW) == '<time datetime="2026-11-24T14:05+08:00">11月24日 14:05</time>'
    assert filters.when(None) == ""


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (3 * 60, "还剩 3 小时"),
        (47 * 60 + 59, "还剩 47 小时"),
        (48 * 60, "还剩 2 天"),
        (59, "还剩 59 分钟"),
        (0.5, "还剩 不到 1 分钟"),
        (-20, "超时 20 分钟"),
    ],
)
def test_time_left_is_written_in_words(minutes, words):
    assert filters.left(NOW + timedelta(minutes=minutes), NOW) == words


def test_a_mark_is_colour_shape_and_word():
    assert filters.mark("red") == '<span class="mark mark-red"><span aria-hidden="true">■</span> 警报红</span>'
    assert "mark-none" in filters.mark(None)


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "", None, "desk", "/a\nb"]
)
def test_nobody_is_sent_to_another_origin(address):
    assert pages.local(address, "/desk") == "/desk"


def test_an_address_on_this_origin_stays():
    assert pages.local("/desk/cases/7?tab=log") == "/desk/cases/7?tab=log"


def test_production_refuses_pages_without_a_key():
    url = "postgresql+psycopg2://nobody@127.0.0.1:1/nothing"
    settings = Settings(database_url=url, jwks="https://issuer.example/jwks", token_issuer="https://issuer.example")
    with pytest.raises(SettingsError, match="PAGE_KEY is not set"):
        web.create_app("post", settings, Database(url), blueprints=blueprint())
