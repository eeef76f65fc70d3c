"""From a breach to a numbered letter in the unit's tray: one per breach, numbers without holes (reliability.md I8)."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.notify.commands import letters
from services.notify.commands.letters import Officer
from services.notify.commands.printing import print_again, print_signed
from services.notify.commands.proposing import propose_when_due
from services.notify.domain.series import year_of
from tests.service.notify.desk import Desk
from tests.support.notify_story import DAY, Story, unit_changed

YEAR = year_of(datetime.now(UTC))


def breach(desk: Desk, *indices: int, unit: str = "C07", **more: Any) -> list[str]:
    """Breached closing limits; the ids of their letters."""
    for index in indices:
        story = Story(f"XA20261124{index:06}", began=datetime.now(UTC) - DAY, unit=unit)
        desk.hears(story.started(), story.breached(**more))
    return [str(id_) for id_ in desk.rows("letters", "id")]


def sign(desk: Desk, letter: str, **more: Any) -> Any:
    return desk.call("POST", f"/letters/{letter}/sign", json={}, **more)


def printed(desk: Desk) -> None:
    """What was signed is on paper."""
    while print_signed(desk.database, desk.settings):
        pass


def test_a_breach_becomes_a_letter_in_the_tray_and_an_sms_to_the_head(desk: Desk) -> None:
    desk.hears(unit_changed(head="13800000008"))
    (letter,) = breach(desk, 1)
    assert sign(desk, letter).json["letter_number"] == f"宝新警示〔{YEAR}〕1号"
    assert print_signed(desk.database, desk.settings)
    paper = desk.settings.letters_dir / "C07" / f"宝新警示〔{YEAR}〕1号.pdf"
    assert paper.read_bytes().startswith(b"%PDF")
    assert hashlib.sha256(paper.read_bytes()).hexdigest() == desk.rows("letters", "sha256")[0]
    answer = desk.call("GET", f"/letters/{letter}/pdf", role="unit", unit="C07")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data == paper.read_bytes()
    answer.close()
    desk.tells()
    assert [line["to"] for line in desk.ledger()] == ["13800000008"]
    assert f"宝新警示〔{YEAR}〕1号已送达" in desk.ledger()[0]["text"]
    paper.unlink()
    assert print_again(desk.database, desk.settings, letter), "the same content gives the same bytes"


def test_the_events_of_a_letter_are_numbered_without_a_gap(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    sign(desk, letter)
    printed(desk)
    desk.call("POST", f"/letters/{letter}/acknowledge", role="unit", unit="C07", json={})
    published = [desk.events(f"letter.{what}")[0] for what in ("proposed", "issued", "acknowledged")]
    assert [each["seq"] for each in published] == [1, 2, 3]
    assert {each["subject"] for each in published} == {letter}
    assert {each["partitionkey"] for each in published} == {"XA20261124000001"}
    assert published[1]["letter_number"] == f"宝新警示〔{YEAR}〕1号"


def test_the_same_breach_heard_again_proposes_nothing_new(desk: Desk) -> None:
    story = Story("XA20261124000001", began=datetime.now(UTC) - DAY)
    heard = [story.started(), story.breached()]
    desk.hears(*heard)
    desk.hears(*heard, *heard)
    assert len(desk.rows("letters")) == 1
    assert len(desk.events("letter.proposed")) == 1


def test_a_retraction_voids_the_letter_before_it_is_signed(desk: Desk) -> None:
    story = Story("XA20261124000001", began=datetime.now(UTC) - DAY)
    desk.hears(story.started(), story.breached())
    desk.hears(story.retracted())
    assert desk.rows("letters", "state", "cause") == [("voided", "retracted")]
    assert sign(desk, str(desk.rows("letters", "id")[0])).status_code == 409


def test_a_retraction_after_signing_changes_nothing(desk: Desk) -> None:
    story = Story("XA20261124000001", began=datetime.now(UTC) - DAY)
    desk.hears(story.started(), story.breached())
    sign(desk, str(desk.rows("letters", "id")[0]))
    desk.hears(story.retracted())
    assert desk.rows("letters", "state") == ["signed"]


def test_twenty_leaders_signing_at_once_leave_no_hole_in_the_numbers(desk: Desk) -> None:
    ids = breach(desk, *range(20))
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda id_: sign(desk, id_).json["letter_number"], ids))
    counts = sorted(int(number.partition("〕")[2].removesuffix("号")) for number in answers)
    assert counts == list(range(1, 21))


def test_a_signature_that_fails_uses_up_no_number(desk: Desk) -> None:
    first, second = breach(desk, 1, 2)
    leader = Officer(subject="u1", unit=None, scopes=frozenset({"leader"}), expect=lambda _: None)

    with suppress(ZeroDivisionError), desk.database.transaction() as tx:
        letters.sign(tx, desk.settings, first, leader)
        raise ZeroDivisionError
    assert sign(desk, second).json["letter_number"] == f"宝新警示〔{YEAR}〕1号"


def test_two_leaders_cannot_sign_the_same_letter(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    assert sign(desk, letter).status_code == 200
    refused = sign(desk, letter)
    assert refused.status_code == 409
    assert (refused.json["code"], refused.json["data"]) == (
        "illegal_transition",
        {"state": "signed", "legal": ["issue"]},
    )


def test_a_signature_sent_again_under_its_key_has_the_first_answer(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    once = sign(desk, letter, headers={"Idempotency-Key": "k1"})
    again = sign(desk, letter, headers={"Idempotency-Key": "k1"})
    assert (again.status_code, again.json) == (200, once.json)


def test_whoever_has_not_seen_the_newest_revision_does_not_act(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    etag = desk.call("GET", f"/letters/{letter}").headers["ETag"]
    assert sign(desk, letter, headers={"If-Match": '"7"'}).status_code == 412
    assert sign(desk, letter, headers={"If-Match": etag}).status_code == 200


def test_a_declined_letter_is_void_with_its_reason(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    answer = desk.call("POST", f"/letters/{letter}/decline", json={"reason": "台风停工，已另行通知"})
    assert (answer.status_code, answer.json["state"], answer.json["legal"]) == (200, "voided", [])
    voided = desk.events("letter.voided")[0]
    assert (voided["cause"], voided["reason"], voided["letter_number"]) == ("declined", "台风停工，已另行通知", None)


def test_declining_needs_a_reason(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    for body in ({}, {"reason": ""}, {"reason": None}, {"reason": "x" * 501}, {"reason": "好的", "more": 1}):
        assert desk.call("POST", f"/letters/{letter}/decline", json=body).status_code == 422


def test_another_units_letter_does_not_exist_for_a_unit(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    sign(desk, letter)
    printed(desk)
    for method, path in (("GET", ""), ("GET", "/pdf"), ("POST", "/acknowledge")):
        answer = desk.call(
            method, f"/letters/{letter}{path}", role="unit", unit="C08", json={} if method == "POST" else None
        )
        assert (answer.status_code, answer.json["code"]) == (404, "letter_not_found"), path
    assert desk.call("GET", "/letters", role="unit", unit="C08").json["letters"] == []


def test_a_unit_sees_nothing_of_a_letter_before_it_is_issued(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    assert desk.call("GET", f"/letters/{letter}", role="unit", unit="C07").status_code == 404
    assert desk.call("POST", f"/letters/{letter}/acknowledge", role="unit", unit="C07", json={}).status_code == 404
    sign(desk, letter)
    assert desk.call("GET", f"/letters/{letter}", role="unit", unit="C07").status_code == 404
    printed(desk)
    assert desk.call("GET", f"/letters/{letter}", role="unit", unit="C07").status_code == 200


def test_only_leaders_sign_and_only_units_acknowledge(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    assert sign(desk, letter, role="centre").status_code == 403
    assert sign(desk, letter, role="unit", unit="C07").status_code == 403
    assert desk.call("POST", f"/letters/{letter}/acknowledge", role="leader", json={}).status_code == 403
    assert desk.client.get("/api/notify/v1/letters").status_code == 401


@pytest.mark.parametrize("letter", ["1", "not-a-letter", "00000000-0000-0000-0000-000000000000"])
def test_an_id_of_nothing_is_not_found(desk: Desk, letter: str) -> None:
    assert desk.call("GET", f"/letters/{letter}").status_code == 404
    assert sign(desk, letter).status_code == 404


def test_a_letter_on_its_way_to_paper_cannot_be_downloaded_yet(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    sign(desk, letter)
    answer = desk.call("GET", f"/letters/{letter}/pdf")
    assert (answer.status_code, answer.json["code"]) == (409, "letter_not_printed")


def test_letters_come_in_pages_newest_first(desk: Desk) -> None:
    breach(desk, *range(5))
    seen, after = [], ""
    while True:
        page = desk.call("GET", f"/letters?limit=2&state=proposed{after}").json
        seen += [each["case"] for each in page["letters"]]
        if page["after"] is None:
            break
        after = f"&after={page['after']}"
    assert seen == [f"XA20261124{index:06}" for index in reversed(range(5))]


@pytest.mark.parametrize("query", ["state=lost", "limit=0", "limit=x", "after=x", "colour=red"])
def test_a_bad_query_is_refused(desk: Desk, query: str) -> None:
    assert desk.call("GET", f"/letters?{query}").status_code == 422


def test_a_printer_that_died_after_the_paper_was_made_leaves_one_paper(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    sign(desk, letter)

    desk.set("alter table letters add constraint not_now check (state <> 'issued')")
    with pytest.raises(IntegrityError):
        print_signed(desk.database, desk.settings)
    desk.set("alter table letters drop constraint not_now")
    assert desk.rows("letters", "state") == ["signed"]
    assert not print_signed(desk.database, desk.settings), "the dead printer's time still runs"
    desk.set("update letters set print_after = clock_now()")
    before = {path: path.read_bytes() for path in desk.settings.letters_dir.rglob("*") if path.is_file()}
    assert print_signed(desk.database, desk.settings)
    after = {path: path.read_bytes() for path in desk.settings.letters_dir.rglob("*") if path.is_file()}
    assert before == after and len(after) == 1
    assert desk.rows("letters", "state") == ["issued"]
    assert len(desk.events("letter.issued")) == 1


def test_a_letter_reserved_by_a_clock_that_was_set_back_is_printed_now(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    sign(desk, letter)
    desk.set("update letters set print_after = clock_now() + interval '11 hours'")
    assert print_signed(desk.database, desk.settings)
    assert desk.rows("letters", "state") == ["issued"]


def test_one_letter_that_cannot_be_printed_delays_no_other(desk: Desk) -> None:
    for id_ in breach(desk, 1, 2, 3):
        sign(desk, id_)

    desk.set("update letters set content = content - 'issuer' where case_number = 'XA20261124000002'")
    print_signed(desk.database, desk.settings)
    assert sorted(desk.rows("letters", "case_number", "state")) == [
        ("XA20261124000001", "issued"),
        ("XA20261124000002", "signed"),
        ("XA20261124000003", "issued"),
    ]


def test_an_answered_letter_is_not_announced_any_more(desk: Desk) -> None:
    (letter,) = breach(desk, 1)
    sign(desk, letter)
    printed(desk)
    desk.call("POST", f"/letters/{letter}/acknowledge", role="unit", unit="C07", json={})
    desk.hears(unit_changed(head="13800000008"))
    desk.tells()
    assert desk.messages() == {"letter": ["skipped"]}


def test_a_letter_with_a_grace_is_proposed_by_the_timer_when_it_ends(desk: Desk) -> None:
    story = Story("XA20261124000001", began=datetime.now(UTC) - DAY)
    desk.hears(story.started(), story.breached(letter_after=3600))
    assert not propose_when_due(desk.database)
    desk.set("update clock_offset set shift = interval '61 minutes'")
    assert propose_when_due(desk.database)
    assert not propose_when_due(desk.database)
    assert desk.rows("letters", "state") == ["proposed"]
    assert len(desk.events("letter.proposed")) == 1


def test_a_case_closed_within_the_grace_gets_no_letter(desk: Desk) -> None:
    story = Story("XA20261124000001", began=datetime.now(UTC) - DAY)
    desk.hears(
        story.started(), story.breached(letter_after=3600), story.closed(at=datetime.now(UTC) + timedelta(minutes=5))
    )
    desk.set("update clock_offset set shift = interval '61 minutes'")
    assert not propose_when_due(desk.database)
    assert desk.rows("letters") == []


def test_a_restricted_case_has_restricted_letters_and_messages(desk: Desk) -> None:
    story = Story("XA20261124000001", began=datetime.now(UTC) - DAY)
    desk.hears(story.dispatched(restricted=True), story.started(restricted=True), story.breached(restricted=True))
    with desk.database.transaction() as tx:
        assert tx.execute(text("select restricted from outbox where type = 'letter.proposed'")).scalars().all() == [
            True
        ]
