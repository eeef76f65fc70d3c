"""The front door of sla: who sees which case, in which order, with how much time left."""

from datetime import timedelta

import pytest

from tests.service.sla.station import Station
from tests.support.sla_life import Life, after

A = Life(number="XA20261124000001", accepted=0.5, dispatched=1, contacted=2)
B = Life(number="XA20261124000002", accepted=0.5, dispatched=3, contacted=4, unit="C09", complexity="complex")
C = Life(number="XA20261124000003", accepted=0.5, dispatched=1, contacted=2, replies=[(3, None)], closed=4)
D = Life(
    number="XA20261124000004", accepted=0.5, dispatched=2, contacted=3, unit="C09", helpers=("C07",), restricted=True
)
E = Life(number="XA20261124000005")


@pytest.fixture
def office(station: Station) -> Station:
    station.be_at(after(0.9))
    station.tell(A, B, C, D, E)
    station.be_at(after(20))
    station.fire()
    return station


def numbers(answer) -> list[str]:
    assert answer.status_code == 200, answer.get_json()
    return [row["number"] for row in answer.get_json()["cases"]]


def test_cases_come_by_time_left_and_those_without_a_running_clock_last(office):
    assert numbers(office.get("/cases")) == [E.number, A.number, D.number, B.number, C.number]


def test_a_row_says_which_clock_and_how_many_seconds(office):
    row = office.get("/cases?unit=C07").get_json()["cases"][0]
    assert row.pop("remaining_seconds") in range(5 * 3600 - 60, 5 * 3600 + 1)
    assert row == {
        "number": A.number,
        "unit": "C07",
        "unit_name": 'C07"社区"',
        "complexity": "simple",
        "restricted": False,
        "mark": "yellow",
        "reason": "time",
        "kind": "close",
        "due": "2026-11-25T09:00:00Z",
    }


def test_an_overdue_case_has_negative_time_left(office):
    row = office.get("/cases?mark=red").get_json()["cases"][0]
    assert row["number"] == E.number and row["remaining_seconds"] < -19 * 3600 + 60


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("mark=yellow", [A, D]),
        ("mark=red", [E]),
        ("mark=green", [C]),
        ("mark=none", [B]),
        ("unit=C09", [D, B]),
        ("kind=close", [A, D, B]),
        ("kind=accept", [E]),
        ("kind=contact", []),
        ("kind=close&unit=C09&mark=none", [B]),
    ],
)
def test_filters_narrow_the_list(office, query, found):
    assert numbers(office.get(f"/cases?{query}")) == [life.number for life in found]


@pytest.mark.parametrize("filters", ["", "&kind=close"])
def test_pages_follow_each_other_without_overlap(office, filters):
    seen, after_ = [], ""
    while True:
        page = office.get(f"/cases?limit=1{filters}{after_}").get_json()
        seen += [row["number"] for row in page["cases"]]
        if page["next"] is None:
            break
        after_ = "&after=" + page["next"].replace("+", "%2B")
    assert seen == numbers(office.get(f"/cases?{filters[1:]}"))


def test_a_unit_sees_its_own_cases_and_no_restricted_one_it_only_helps_with(office):
    assert numbers(office.get("/cases", "unit", "C07")) == [A.number, C.number]
    assert numbers(office.get("/cases", "unit", "C09")) == [D.number, B.number]
    assert office.get(f"/cases/{D.number}", "unit", "C07").status_code == 404
    assert office.get(f"/cases/{D.number}", "unit", "C09").status_code == 200


@pytest.mark.parametrize("role", ["centre", "leader", "supervisor"])
def test_centre_leader_and_supervisor_see_all(office, role):
    assert len(numbers(office.get("/cases", role))) == 5


def test_a_case_shows_all_its_clocks_in_the_order_of_its_life(office):
    case = office.get(f"/cases/{A.number}").get_json()
    assert [(c["kind"], c["status"]) for c in case["clocks"]] == [
        ("accept", "met"),
        ("dispatch", "met"),
        ("contact", "met"),
        ("close", "warned"),
    ]
    assert case["clocks"][0]["remaining_seconds"] is None
    assert case["clocks"][3]["warned_at"] == "2026-11-25T03:00:00Z"
    assert (case["mark"], case["reason"], case["risk"], case["time"]) == ("yellow", "time", "none", "yellow")


def test_another_units_case_and_no_case_look_alike(office):
    foreign = office.get(f"/cases/{B.number}", "unit", "C07").get_json()
    absent = office.get("/cases/XA20261124999999", "unit", "C07").get_json()
    assert foreign["code"] == absent["code"] == "case_not_found"
    assert foreign["detail"] == "没有找到这件诉求。"


@pytest.mark.parametrize(
    "query",
    [
        "mark=blue",
        "kind=sleep",
        "limit=0",
        "limit=201",
        "limit=x",
        "order=number",
        "colour=red",
        "after=x",
        "after=2026-11-24~XA",
        "after=~",
        "after=99999-01-01T00:00:00Z~X",
    ],
)
def test_a_wrong_query_is_refused_with_a_code_and_the_field(office, query):
    answer = office.get(f"/cases?{query}")
    assert answer.status_code == 422, answer.get_json()
    assert answer.get_json()["errors"][0]["field"] == query.split("=")[0]


def test_without_a_token_nothing_is_shown(office):
    assert office.client.get("/api/sla/v1/cases").status_code == 401


def test_a_role_that_is_not_staff_sees_nothing(office):
    assert office.get("/cases", "operator").status_code == 403


def test_marks_change_as_the_time_passes(office):
    office.be_at(after(25) + timedelta(seconds=1))
    office.fire()
    assert office.get(f"/cases/{A.number}").get_json()["mark"] == "red"
