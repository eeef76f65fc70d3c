"""A letter comes in: what the resident gets, what is kept and what is published."""

import json
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import text

from services.intake.domain.numbering import SHANGHAI
from tests.service.intake.conftest import LETTER, Street

Make = Callable[..., Street]


def test_a_letter_gets_a_number_a_code_and_the_promised_hour(street: Make) -> None:
    answer = street().post()
    assert answer.status_code == 201, answer.text
    receipt = answer.json
    assert re.fullmatch(r"XA\d{8}\d{6}", receipt["number"])
    assert re.fullmatch(r"[2-9A-HJKMNP-Z]{8}", receipt["query_code"])
    assert receipt["state"] == "submitted" and receipt["emergency"] is None
    promised = datetime.fromisoformat(receipt["promised_accept_by"])
    assert receipt["number"][2:10] == (promised - timedelta(hours=1)).astimezone(SHANGHAI).strftime("%Y%m%d")


def test_what_is_published_says_nothing_about_who_wrote(street: Make) -> None:
    here = street()
    letter = {**LETTER, "description": "我是欧阳小禾，电话138 0000 0001，身份证440306199001011234，粤B12345占道。"}
    code = here.post(letter).json["query_code"]
    [event] = here.events()
    assert event["type"] == "case.submitted" and event["seq"] == 1
    for secret in ("欧阳小禾", "13800000001", "138 0000 0001", "440306199001011234", "粤B12345", code):
        assert secret not in event["body"]
    assert json.loads(event["body"])["text"].startswith("我是某某")


def test_name_telephone_and_code_lie_encrypted_in_the_database(street: Make) -> None:
    here = street()
    code = here.post().json["query_code"]
    with here.database.transaction() as tx:
        for table in ("cases", "identities", "tallies", "idempotency", "outbox"):
            dump = str(tx.execute(text(f"select * from {table}")).all())
            for secret in ("欧阳小禾", "13800000001", code):
                assert secret not in dump, table
        sealed = bytes(tx.execute(text("select sealed from identities")).scalar_one())
    assert b"13800000001" not in sealed and "欧阳".encode() not in sealed


def test_letters_of_one_telephone_are_found_by_the_blind_index(street: Make) -> None:
    here = street()
    for mobile in ("13800000001", "+86 138-0000-0001", "13800000002"):
        assert here.post({**LETTER, "mobile": mobile}).status_code == 201
    with here.database.transaction() as tx:
        counts = tx.execute(text("select count(*) from identities group by mobile_index order by 1")).scalars().all()
    assert counts == [1, 2]


def test_an_anonymous_letter_needs_neither_name_nor_telephone_and_gets_a_code(street: Make) -> None:
    here = street()
    letter = {"kind": "report", "description": "有人夜里倾倒建筑垃圾。", "identity": "anonymous"}
    receipt = here.post(letter).json
    assert here.get(receipt["number"], receipt["query_code"]).status_code == 200


def test_emergency_words_show_the_numbers_to_call_at_once(street: Make) -> None:
    here = street()
    receipt = here.post({**LETTER, "description": "三楼厨房着火了，有人被困！"}).json
    assert receipt["emergency"]["calls"] == ["119"]
    assert receipt["emergency"]["words"] == ["着火", "被困"]
    data = json.loads(here.events()[0]["body"])
    assert data["emergency"] is True and data["emergency_words"] == ["着火", "被困"]


def test_the_rule_accepts_in_the_same_transaction_if_the_setting_says_so(street: Make) -> None:
    here = street(accept_automatically="true")
    receipt = here.post().json
    assert receipt["state"] == "accepted"
    submitted, accepted = here.events()
    assert (submitted["type"], submitted["seq"]) == ("case.submitted", 1)
    assert (accepted["type"], accepted["seq"]) == ("case.accepted", 2)
    assert json.loads(submitted["body"])["state"] == "submitted"
    data = json.loads(accepted["body"])
    assert data["state"] == "accepted" and data["accepted_by"] == "rule" and data["imported"] is None


def test_the_rule_leaves_an_emergency_to_a_person(street: Make) -> None:
    here = street(accept_automatically="true")
    receipt = here.post({**LETTER, "description": "我不想活了。"}).json
    assert receipt["state"] == "submitted"
    assert [event["type"] for event in here.events()] == ["case.submitted"]


def test_a_repeated_request_gets_the_first_answer_and_no_second_case(street: Make) -> None:
    here = street()
    first = here.post(Idempotency_Key="k1").json
    assert here.post(Idempotency_Key="k1").json == first
    assert len(here.events()) == 1


def test_another_letter_under_the_same_key_is_refused(street: Make) -> None:
    here = street()
    here.post(Idempotency_Key="k1")
    answer = here.post({**LETTER, "description": "另一件事情。"}, Idempotency_Key="k1")
    assert answer.status_code == 422 and answer.json["code"] == "idempotency_key_reused"
    assert len(here.events()) == 1


def test_one_address_may_send_only_so_many_letters_an_hour(street: Make) -> None:
    here = street(submissions_per_hour="2")
    assert [here.post(X_Forwarded_For="203.0.113.9").status_code for _ in range(3)] == [201, 201, 429]
    refused = here.post(X_Forwarded_For="203.0.113.9")
    assert refused.json["code"] == "too_many_letters" and 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert here.post(X_Forwarded_For="203.0.113.10").status_code == 201


def test_staff_who_type_letters_in_are_not_limited(street: Make) -> None:
    here = street(submissions_per_hour="1")
    token = f"Bearer {here.issuer.token('officer-1', 'centre', unit='CENTRE')}"
    letter = {**LETTER, "channel": "hotline"}
    assert [here.post(letter, Authorization=token).status_code for _ in range(3)] == [201] * 3
    assert here.post(letter).status_code == 401


def test_the_longest_letter_of_the_widest_characters_is_taken(street: Make) -> None:
    here = street()
    assert here.post({**LETTER, "description": "😀" * 10_000, "place": "\\" * 200}).status_code == 201
    assert here.post({**LETTER, "description": 'a\n"' * 3_333 + "a", "name": "aa"}).status_code == 201


def test_submissions_at_the_same_time_never_share_a_number(street: Make) -> None:
    here = street(number_block="3", limit_submissions="false")
    numbers: list[str] = []

    def send() -> None:
        client = here.client.application.test_client()
        for _ in range(8):
            numbers.append(client.post("/api/intake/v1/cases", json=LETTER).json["number"])

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == len(set(numbers)) == 48


def test_two_processes_take_different_blocks(street: Make) -> None:
    here = street()
    one, other = here.context.numbers, here.context.numbers
    day = datetime(2026, 11, 24, tzinfo=SHANGHAI).date()
    numbers = {one.next(day) for _ in range(150)} | {other.next(day) for _ in range(150)}
    assert len(numbers) == 300


def test_a_number_bears_the_day_in_shanghai_also_around_midnight(street: Make) -> None:
    here = street()
    numbers = here.context.numbers
    before, after = (datetime(2026, 11, day, tzinfo=SHANGHAI).date() for day in (24, 25))
    assert [numbers.next(day)[2:10] for day in (before, after, before, after)] == ["20261124", "20261125"] * 2
