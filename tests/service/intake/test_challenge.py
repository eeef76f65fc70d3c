"""An address with many letters does a small proof of work for each more; nobody else hears of it."""

from collections.abc import Callable
from typing import Any

from tests.service.intake.conftest import LETTER, Street
from tests.service.intake.test_letter_pages import field, form, sent
from tests.support.challenge import answer

Make = Callable[..., Street]
EASY = {"submissions_unquestioned": "2", "challenge_bits": "6"}


def asked(here: Street) -> tuple[dict[str, Any], Any]:
    """A third letter from the same address, and the page that asks for the proof."""
    for _ in range(2):
        sent(here)
    typed = form(here)
    page = here.client.post("/", data=typed)
    assert page.status_code == 429, page.text
    return typed, page


def test_the_first_letters_are_not_questioned(street: Make) -> None:
    here = street(**EASY)
    assert "data-challenge" not in here.client.get("/").text
    sent(here)


def test_with_the_proof_the_same_form_goes_through(street: Make) -> None:
    here = street(**EASY)
    typed, page = asked(here)
    assert LETTER["description"] in page.text and "challenge." in page.text
    question = field(page, "challenge")
    assert field(page, "idempotency_key") == typed["idempotency_key"]
    proof = {"challenge": question, "answer": answer(question, 6)}
    assert here.client.post("/", data=typed | proof).status_code == 303


def test_one_proof_is_good_for_one_letter(street: Make) -> None:
    here = street(**EASY)
    typed, page = asked(here)
    proof = {"challenge": field(page, "challenge"), "answer": answer(field(page, "challenge"), 6)}
    here.client.post("/", data=typed | proof)
    assert here.client.post("/", data=form(here) | proof).status_code == 429


def test_a_wrong_or_made_up_proof_is_asked_again(street: Make) -> None:
    here = street(**{**EASY, "challenge_bits": "24"})
    typed, page = asked(here)
    question = field(page, "challenge")
    for proof in ({"challenge": question, "answer": "1"}, {"challenge": "made.up", "answer": "1"}, {"answer": "1"}):
        assert here.client.post("/", data=typed | proof).status_code == 429


def test_without_the_script_the_resident_is_told_when_and_whom_to_call(street: Make) -> None:
    here = street(**EASY)
    page = asked(here)[1]
    assert "分钟后再提交" in page.text and "12345" in page.text and int(page.headers["Retry-After"]) <= 3600


def test_a_program_is_told_to_wait(street: Make) -> None:
    here = street(**EASY)
    answers = [here.post() for _ in range(3)]
    assert [each.status_code for each in answers] == [201, 201, 429]
    assert answers[-1].json["code"] == "challenge_needed"


def test_the_upper_limit_holds_with_a_proof_too(street: Make) -> None:
    here = street(submissions_unquestioned="1", submissions_per_hour="2", challenge_bits="6")
    sent(here)
    typed = form(here)
    question = field(here.client.post("/", data=typed), "challenge")
    proof = {"challenge": question, "answer": answer(question, 6)}
    assert here.client.post("/", data=typed | proof).status_code == 303
    assert here.client.post("/", data=form(here)).status_code == 429
