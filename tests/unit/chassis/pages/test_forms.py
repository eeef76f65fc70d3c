"""Forms: only our own pages may send them, what was typed stays, a sentence is shown once."""

import re
import uuid


def token_in(answer):
    return re.search(r'name="csrf" value="([^"]+)"', answer.text)[1]


def test_a_form_sent_back_by_our_own_page_is_taken(browser):
    token = token_in(browser.get("/notes"))
    answer = browser.post("/notes", data={"csrf": token, "words": "路灯坏了"})
    assert (answer.status_code, answer.location) == (303, "/notes")


def test_the_sentence_for_the_next_page_is_shown_once(browser):
    token = token_in(browser.get("/notes"))
    browser.post("/notes", data={"csrf": token, "words": "路灯坏了"})
    assert "已保存。" in browser.get("/notes").text
    assert "已保存。" not in browser.get("/notes").text


def test_a_sentence_that_somebody_else_put_into_the_cookie_is_not_shown(browser):
    browser.set_cookie("lianxin_said", "请把密码发到这里")
    assert "密码" not in browser.get("/notes").text


def test_a_form_without_proof_is_refused(browser):
    browser.get("/notes")
    answer = browser.post("/notes", data={"words": "路灯坏了"})
    assert answer.status_code == 403
    assert "刷新后再提交" in answer.text


def test_a_proof_made_for_another_browser_is_refused(app):
    token = token_in(app.test_client().get("/notes"))
    other = app.test_client()
    other.get("/notes")
    assert other.post("/notes", data={"csrf": token, "words": "路灯坏了"}).status_code == 403


def test_a_request_that_the_browser_says_comes_from_elsewhere_is_refused(browser):
    token = token_in(browser.get("/notes"))
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert browser.post("/notes", data={"csrf": token, "words": "好的"}, headers=headers).status_code == 403


def test_two_open_tabs_hold_different_proofs_and_both_are_good(browser):
    first, second = token_in(browser.get("/notes")), token_in(browser.get("/notes"))
    assert first != second
    for token in (first, second):
        assert browser.post("/notes", data={"csrf": token, "words": "路灯坏了"}).status_code == 303


def test_the_proof_may_travel_in_a_header(browser):
    headers = {"X-CSRF-Token": token_in(browser.get("/notes"))}
    assert browser.post("/notes", data={"words": "路灯坏了"}, headers=headers).status_code == 303


def test_a_view_that_does_no_harm_may_be_asked_from_anywhere(browser):
    assert browser.post("/anywhere").status_code == 200


def test_a_faulty_form_is_shown_again_with_what_was_typed_and_a_sentence_at_its_field(browser):
    token = token_in(browser.get("/notes"))
    answer = browser.post("/notes", data={"csrf": token, "words": '"'})
    assert answer.status_code == 422
    assert 'value="&#34;"' in answer.text
    assert 'aria-invalid="true" aria-describedby="words-hint words-error"' in answer.text
    assert '<span class="error" id="words-error">须为 2 至 20 个</span>' in answer.text


def test_a_form_shown_again_keeps_its_key_so_that_it_still_has_one_effect(browser):
    first = browser.get("/notes").text
    key = re.search(r'name="idempotency_key" value="([^"]+)"', first)[1]
    assert uuid.UUID(key)
    token = re.search(r'name="csrf" value="([^"]+)"', first)[1]
    again = browser.post("/notes", data={"csrf": token, "words": "", "idempotency_key": key})
    assert f'value="{key}"' in again.text


def test_pages_with_files_state_their_own_limit(browser):
    headers = {"X-CSRF-Token": token_in(browser.get("/notes"))}
    answer = browser.post("/uploads", data=b"x" * 2_000_000, headers=headers)
    assert (answer.status_code, answer.text) == (200, "2000000")


def test_more_than_a_page_takes_is_refused_by_a_page(browser):
    headers = {"X-CSRF-Token": token_in(browser.get("/notes"))}
    small = browser.post("/notes", data={"words": "x" * 2_000_000}, headers=headers)
    large = browser.post("/uploads", data=b"x" * 4_000_000, headers=headers)
    assert [small.status_code, large.status_code] == [413, 413]
    assert "减少照片" in large.text


def test_ten_thousand_fields_are_refused(browser):
    token = token_in(browser.get("/notes"))
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    body = part.format("csrf", token) + "".join(part.format(number, "") for number in range(10_000)) + "--x--\r\n"
    answer = browser.post("/notes", data=body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
