"""The desk of the centre: list, read, accept, refuse, and the one logged way to a full telephone number."""

import json
from collections.abc import Callable

from sqlalchemy import text

from services.intake import metrics
from services.intake.operating.measuring import measure
from tests.service.intake.conftest import LETTER, Street

Make = Callable[..., Street]


def test_the_list_comes_in_pages_in_order_of_arrival(street: Make) -> None:
    here = street(limit_submissions="false")
    numbers = [here.post({**LETTER, "description": f"第{i}封信。"}).json["number"] for i in range(5)]
    first = here.desk("?limit=2").json
    second = here.desk(f"?limit=2&after={first['next']}").json
    third = here.desk(f"?limit=2&after={second['next']}").json
    assert [item["number"] for page in (first, second, third) for item in page["items"]] == numbers
    assert third["next"] is None
    assert first["items"][0]["excerpt"] == "第0封信。"


def test_the_list_shows_one_state(street: Make) -> None:
    here = street()
    numbers = [here.post({**LETTER, "description": f"第{i}封信。"}).json["number"] for i in range(3)]
    here.desk(f"/{numbers[1]}/accept", {})
    assert [item["number"] for item in here.desk("?state=submitted").json["items"]] == [numbers[0], numbers[2]]
    assert [item["number"] for item in here.desk("?state=accepted").json["items"]] == [numbers[1]]


def test_a_bad_query_is_refused_by_field(street: Make) -> None:
    here = street()
    for query in ("state=lost", "limit=0", "limit=101", "limit=x", "colour=red"):
        answer = here.desk(f"?{query}")
        assert answer.status_code == 422 and answer.json["errors"][0]["field"] == query.split("=")[0], query


def test_the_desk_reads_the_whole_letter_and_a_masked_writer(street: Make) -> None:
    here = street()
    number = here.post().json["number"]
    case = here.desk(f"/{number}").json
    assert case["description"] == LETTER["description"]
    assert (case["name"], case["mobile"]) == ("欧阳**", "138****0001")


def test_accepting_publishes_once_and_hands_the_case_over(street: Make) -> None:
    here = street()
    number = here.post().json["number"]
    answer = here.desk(f"/{number}/accept", {}, Idempotency_Key="a1")
    assert answer.status_code == 200 and answer.json["state"] == "accepted"
    assert here.desk(f"/{number}/accept", {}, Idempotency_Key="a1").json == answer.json
    accepted = here.events()[1:]
    assert [(event["type"], event["seq"]) for event in accepted] == [("case.accepted", 2)]
    assert json.loads(accepted[0]["body"])["accepted_by"] == "centre"


def test_refusing_needs_a_known_reason_and_publishes_it(street: Make) -> None:
    here = street()
    number = here.post().json["number"]
    bad = here.desk(f"/{number}/refuse", {"reason": "boring"})
    assert bad.status_code == 422 and bad.json["errors"][0]["field"] == "reason"
    assert here.desk(f"/{number}/refuse", {"reason": "duplicate"}).json["state"] == "refused"
    data = json.loads(here.events()[-1]["body"])
    assert data["reason"] == "duplicate" and data["refused_at"] == data["at"]


def test_an_illegal_transition_names_the_legal_ones(street: Make) -> None:
    here = street()
    number = here.post().json["number"]
    here.desk(f"/{number}/accept", {})
    answer = here.desk(f"/{number}/refuse", {"reason": "duplicate"})
    assert answer.status_code == 409 and answer.json["code"] == "illegal_transition"
    assert answer.json["data"] == {"state": "accepted", "legal": []}


def test_acting_on_an_old_revision_is_refused(street: Make) -> None:
    here = street()
    number = here.post().json["number"]
    seen = here.desk(f"/{number}").headers["ETag"]
    assert here.desk(f"/{number}/accept", {}, If_Match='"7"').json["code"] == "stale"
    assert here.desk(f"/{number}/accept", {}, If_Match=seen).status_code == 200


def test_only_the_centre_gets_to_the_desk(street: Make) -> None:
    here = street()
    unit = {"Authorization": f"Bearer {here.issuer.token('u7', 'unit', unit='C07')}"}
    for path in ("", "/XA20200101000001", "/XA20200101000001/accept", "/XA20200101000001/reveal"):
        method = here.client.post if path.count("/") > 1 else here.client.get
        assert method(f"/api/intake/v1/desk/cases{path}").status_code == 401, path
        assert method(f"/api/intake/v1/desk/cases{path}", headers=unit).status_code == 403, path


def test_an_unknown_number_is_not_found(street: Make) -> None:
    here = street()
    commands = {"/accept": {}, "/refuse": {"reason": "duplicate"}, "/reveal": {"reason": "核实"}}
    for path, body in [("", None), *commands.items()]:
        answer = here.desk(f"/XA20200101000001{path}", body)
        assert answer.status_code == 404 and answer.json["code"] == "case_not_found", path


def test_a_full_number_is_shown_for_a_reason_that_is_logged(street: Make) -> None:
    here = street()
    number = here.post().json["number"]
    assert here.desk(f"/{number}/reveal", {}).status_code == 422
    shown = here.desk(f"/{number}/reveal", {"reason": "电话核实地点，回拨13800000009"}).json
    assert shown == {"number": number, "name": "欧阳小禾", "mobile": "13800000001"}
    with here.database.transaction() as tx:
        [row] = tx.execute(text("select number, who, why, what from access_log")).all()
    assert (row.number, row.who, row.what) == (number, "officer-1", ["name", "mobile"])
    assert "电话核实" in row.why and "13800000009" not in row.why


def test_the_gauges_count_by_channel_and_state_and_forget_decided_letters_of_yesterday(street: Make) -> None:
    here = street(limit_submissions="false")
    numbers = [here.post({**LETTER, "description": f"第{i}封信。"}).json["number"] for i in range(4)]
    here.desk(f"/{numbers[0]}/accept", {})
    here.desk(f"/{numbers[1]}/accept", {})
    with here.database.transaction() as tx:
        tx.execute(
            text("update cases set submitted_at = submitted_at - interval '1 day' where number = any(:numbers)"),
            {"numbers": numbers[1:3]},
        )
    measure(here.database)
    assert {key: cases for key, cases in metrics.CASES.values.items() if cases} == {
        ("mailbox", "accepted"): 1,
        ("mailbox", "submitted"): 2,
    }
    assert metrics.CASES.values["import", "refused"] == 0
